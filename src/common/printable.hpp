#pragma once

#include <string>
#include <string_view>

namespace inference_models {

/// Text from outside as one line that is safe to show: nothing in it steers a terminal. Line breaks and tabs become
/// spaces, other control characters `?`, bytes that are no UTF-8 the replacement character U+FFFD.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace inference_models
