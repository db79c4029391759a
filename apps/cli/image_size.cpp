#include "image_size.hpp"

#include <fmt/format.h>

#include <inference_models/error.hpp>
#include <string_view>

#include "formats/text.hpp"

namespace inference_models::cli {

ImageSize image_size_of(const std::string& option, const std::string& word) {
    const std::string_view text = word;
    const std::size_t cross = text.find('x');
    const auto height = formats::to_number<std::int32_t>(text.substr(0, cross));
    const auto width =
        cross == std::string_view::npos ? height : formats::to_number<std::int32_t>(text.substr(cross + 1));
    if (height && width) return {.width = *width, .height = *height};
    throw Error(ErrorKind::invalid_argument, option, fmt::format("{} does not know `{}`", option, word),
                "Use a number of pixels for a square, or HEIGHTxWIDTH.");
}

}  // namespace inference_models::cli
