#include "formats/package_recipe.hpp"

#include <fmt/format.h>

namespace inference_models::formats {
namespace {

constexpr std::string_view kInferenceConfig =
    R"({"network_input": {"training_input_size": {"height": 640, "width": 640}, )"
    R"("dynamic_spatial_size_supported": false, "color_mode": "rgb", "resize_mode": "letterbox", )"
    R"("padding_value": 114, "input_channels": 3, "scaling_factor": 255}, )"
    R"("forward_pass": {"static_batch_size": 1}, "post_processing": {"type": "nms", "fused": false}})";

}  // namespace

std::string model_config_example(std::string_view backend_type) {
    return fmt::format(R"({{"model_architecture": "yolov8", "task_type": "object-detection", "backend_type": "{}"}})",
                       backend_type);
}

std::string package_recipe(std::string_view weights_name, std::string_view backend_type) {
    return fmt::format(
        "Put it into a directory of its own as {}, with these files beside it, and give the directory's path. "
        "The values are examples:\n"
        "  model_config.json: {}\n"
        "  inference_config.json: {}\n"
        "  class_names.txt: one class name per line",
        weights_name, model_config_example(backend_type), kInferenceConfig);
}

}  // namespace inference_models::formats
