#include "whole_number.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <string>

#include "common/printable.hpp"
#include "formats/text.hpp"

namespace inference_models::cli {

CLI::Validator whole_number() {
    const auto problem_of = [](const std::string& word) -> std::string {
        if (formats::to_number<std::uint32_t>(word)) return {};
        return fmt::format("`{}` is no whole number from 0 to {}", printable(word),
                           std::numeric_limits<std::uint32_t>::max());
    };
    return {problem_of, ""};
}

}  // namespace inference_models::cli
