#include "recommendation/command_line.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <vector>

#include "common/shell_quoting.hpp"

namespace inference_models::recommendation {
namespace {

/// `CUDAExecutionProvider:device_id=0;arena_extend_strategy=kSameAsRequested`
std::string word_of(const ExecutionProvider& provider) {
    std::string word = provider.name;
    char separator = ':';
    for (const auto& [name, value] : provider.options) {
        word += fmt::format("{}{}={}", separator, name, value);
        separator = ';';
    }
    return word;
}

/// `8`, `1:16`
std::string word_of(const AcceptedRange<std::int64_t>& range) {
    return range.min == range.max ? fmt::format("{}", range.min) : fmt::format("{}:{}", range.min, range.max);
}

class CommandLine {
public:
    void add(std::string_view option, std::string_view value) {
        line_ += fmt::format(" {} {}", option, shell_quoted(value));
    }

    /// Several values of one option, with commas between them.
    template <class Values, class Word>
    void add_list(std::string_view option, const Values& values, Word word) {
        if (values.empty()) return;
        std::vector<std::string> words;
        std::ranges::transform(values, std::back_inserter(words), word);
        add(option, fmt::format("{}", fmt::join(words, ",")));
    }

    void add_flag(std::string_view option) { line_ += fmt::format(" {}", option); }

    [[nodiscard]] const std::string& line() const { return line_; }

private:
    std::string line_;
};

}  // namespace

std::string command_line_of(const LoadOptions& request) {
    const auto name_of = [](auto value) { return std::string(to_string(value)); };
    CommandLine line;
    line.add_list("--backend", request.backends, name_of);
    if (!request.model_package_id.empty()) line.add("--model-package-id", request.model_package_id);
    line.add_list("--quantization", request.quantization, name_of);
    if (request.precision) line.add("--precision", to_string(*request.precision));
    if (request.goal != Goal::latency) line.add("--goal", to_string(request.goal));
    if (request.device) line.add("--device", to_string(*request.device));
    if (request.batch_size) line.add("--batch-size", word_of(*request.batch_size));
    if (request.image_size) {
        line.add("--image-size", fmt::format("{}x{}", request.image_size->height, request.image_size->width));
    }
    if (request.rect) line.add_flag("--rect");
    line.add_list("--onnx-execution-providers", request.onnx_execution_providers,
                  [](const ExecutionProvider& provider) { return word_of(provider); });
    if (request.threads) line.add("--threads", fmt::format("{}", *request.threads));
    if (!request.weights_provider.empty()) line.add("--weights-provider", request.weights_provider);
    return line.line();
}

}  // namespace inference_models::recommendation
