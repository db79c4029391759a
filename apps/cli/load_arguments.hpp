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

    /// For commands that load the model.
    void add_tune_to(CLI::App& command);

    [[nodiscard]] const std::string& model() const noexcept { return model_; }

    /// \throws Error `invalid_argument` that names the option and the words it takes
    [[nodiscard]] LoadOptions options() const;

private:
    void add_choice_options(CLI::App& command);
    void add_download_options(CLI::App& command);

    std::string model_;
    std::vector<std::string> backends_;
    std::vector<std::string> quantization_;
    std::string precision_;
    std::string goal_;
    bool tune_ = false;
    std::string package_;
    std::string device_;
    std::vector<std::string> providers_;
    std::string batch_size_;
    std::string image_size_;
    bool rect_ = false;
    std::optional<std::uint32_t> threads_;
    std::string weights_provider_;
    std::optional<std::uint32_t> attempts_;
    std::vector<std::string> nms_fusion_;
    std::vector<std::string> features_;
    bool allow_untrusted_ = false;
    bool no_host_code_ = false;
    bool no_verify_hash_ = false;
    bool files_without_hash_ = false;
    bool no_auto_resolution_cache_ = false;
};

}  // namespace inference_models::cli
