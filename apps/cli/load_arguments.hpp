#pragma once

#include <CLI/CLI.hpp>

#include <inference_models/load_options.hpp>
#include <optional>
#include <string>
#include <vector>

namespace inference_models::cli {

/// The arguments that say which model is loaded and how: shared by all commands that take a model.
class LoadArguments {
public:
    void add_to(CLI::App& command);

    [[nodiscard]] const std::string& model() const noexcept { return model_; }

    /// \throws Error `invalid_argument` that names the option and the words it takes
    [[nodiscard]] LoadOptions options() const;

private:
    std::string model_;
    std::vector<std::string> backends_;
    std::vector<std::string> quantization_;
    std::string package_;
    std::string device_;
    std::vector<std::string> providers_;
    std::optional<std::int64_t> batch_size_;
    std::optional<std::uint32_t> threads_;
};

}  // namespace inference_models::cli
