// Finds objects in a picture and draws them:  detect MODEL PICTURE OUTPUT

#include <inference_models/inference_models.hpp>

#include <iostream>

int main(int argument_count, char** arguments) {
    using namespace inference_models;
    if (argument_count != 4) {
        std::cerr << "usage: detect MODEL PICTURE OUTPUT\n";
        return 2;
    }
    try {
        const auto model = ObjectDetectionModel::from_pretrained(arguments[1]);
        const Image picture = load_image(arguments[2]);
        const Detections found = model->infer(picture);
        save_image(draw_detections(picture, found, model->class_names()), arguments[3]);
        std::cout << found.size() << " objects, by " << display_name(model->description().engine) << '\n';
    } catch (const Error& error) {
        std::cerr << error.message() << '\n' << error.hint() << '\n';
        return 1;
    }
}
