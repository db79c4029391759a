#include "benchmark/example_pictures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <inference_models/error.hpp>

#include "common/our_library.hpp"
#include "runtime/files.hpp"

namespace inference_models::benchmark {

std::vector<ExamplePicture> example_pictures() {
    const auto library = path_of_our_library();
    const auto directory = installed_directory(library, "pictures");
    std::vector<ExamplePicture> pictures;
    for (const std::string& name : runtime::names_in(directory)) {
        pictures.push_back({name, load_image(directory / name)});
    }
    if (!pictures.empty()) return pictures;
    throw Error(ErrorKind::io_failure, library.string(),
                fmt::format("the example pictures are not installed with {}", library.string()),
                "Give images that show objects of the model's classes, or install the product anew.");
}

}  // namespace inference_models::benchmark
