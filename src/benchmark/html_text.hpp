#pragma once

#include <string>
#include <string_view>

namespace inference_models {

/// Any text as text of an HTML page, or as the value of an attribute in double quotes: nothing in it is markup.
[[nodiscard]] std::string escaped(std::string_view text);

}  // namespace inference_models
