#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace inference_models::formats {

/// What somebody may have meant who wrote one name, whatever its case.
class Suggestions {
public:
    explicit Suggestions(std::string_view wanted);

    /// \param text  what is suggested if the name is like the one that is wanted
    void consider(std::string_view name, std::string text);

    /// The nearest first.
    [[nodiscard]] std::vector<std::string> take();

private:
    std::string wanted_;
    std::vector<std::pair<std::size_t, std::string>> near_;
};

}  // namespace inference_models::formats
