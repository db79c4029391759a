#pragma once

#include <inference_models/agreement.hpp>
#include <inference_models/image.hpp>

#include <string>
#include <vector>

namespace inference_models::benchmark {

/// A decoded picture and its name.
struct ExamplePicture {
    std::string name;
    Image image;
};

/// The pictures that come with the product: everyday things and codes, which common detectors find.
/// \throws Error `io_failure` where they are not installed with this library
[[nodiscard]] std::vector<ExamplePicture> example_pictures();

}  // namespace inference_models::benchmark
