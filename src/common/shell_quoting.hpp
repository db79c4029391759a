#pragma once

#include <string>
#include <string_view>

namespace inference_models {

/// A text as one word of a POSIX shell's command line: as it is where a shell leaves it alone, else in single quotes,
/// in which nothing has a meaning, in an interactive shell neither.
[[nodiscard]] std::string shell_quoted(std::string_view word);

}  // namespace inference_models
