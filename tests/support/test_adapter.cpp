// An adapter without a runtime, over the same table as the real ones. Its "network files" are lines of words:
//
//   input 1 3 8 8         shape of the one input; -1 is any, and no number at all: the network does not tell
//   output 1 6 2          shape of an output; its values follow in the next `values` line. -1 is the input's batch
//   values 1 2 nan ...    repeated to fill the output; to each the mean of the image's first channel is added
//   order WORD            how an input [batch, channels, height, width] lies in memory: channels_last, or gaps
//   type float16          element type of the input
//   fail load|run TEXT    fails there with this message
//
// So that tests can make networks that are wrong in any way, and see inputs in outputs.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include "engines/seam/adapter_sdk.hpp"

namespace inference_models::test_engine {
namespace {

struct Output {
    std::vector<std::int64_t> shape;
    std::vector<float> values;
};

struct Script {
    std::vector<std::int64_t> input;
    ElementType input_type = ElementType::float32;
    std::string order;
    std::vector<Output> outputs;
    std::string fail_load;
    std::string fail_run;
};

std::size_t product(std::span<const std::int64_t> shape) {
    return static_cast<std::size_t>(std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>{}));
}

Script parse(std::string_view text) {
    Script script;
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string word;
        words >> word;
        if (word == "input") {
            for (std::int64_t side = 0; words >> side;) script.input.push_back(side);
        } else if (word == "output") {
            script.outputs.emplace_back();
            for (std::int64_t side = 0; words >> side;) script.outputs.back().shape.push_back(side);
        } else if (word == "values") {
            for (std::string value; words >> value;)
                script.outputs.at(script.outputs.size() - 1).values.push_back(std::stof(value));
        } else if (word == "order") {
            words >> script.order;
        } else if (word == "type") {
            words >> word;
            script.input_type = word == "float16" ? ElementType::float16 : ElementType::uint8;
        } else if (word == "fail") {
            words >> word;
            std::getline(words >> std::ws, word == "load" ? script.fail_load : script.fail_run);
        } else if (!word.empty()) {
            throw sdk::Failure(IM_FAILURE_NETWORK, "not a script of the test engine: " + word, "Write one.");
        }
    }
    return script;
}

class TestExecution final : public sdk::Execution {
public:
    explicit TestExecution(const Script& script) : script_(script), outputs_(script.outputs.size()) {}

    sdk::TensorView input(std::size_t index, std::span<const std::int64_t> shape) override {
        if (index != 0) throw std::out_of_range("the test engine has one input");
        shape_.assign(shape.begin(), shape.end());
        input_.resize(product(shape) * element_size(script_.input_type));
        if (script_.order == "channels_last") {
            strides_ = {shape_.at(1) * shape_.at(2) * shape_.at(3), 1, shape_[1] * shape_[3], shape_[1]};
        } else if (script_.order == "gaps") {
            strides_ = {1000, 100, 10, 1};
        }
        return {script_.input_type, Device{}, input_.data(), shape_, strides_.empty() ? nullptr : strides_.data()};
    }

    void run() override {
        if (!script_.fail_run.empty()) throw sdk::Failure(IM_FAILURE_EXECUTION, script_.fail_run);
        for (std::size_t i = 0; i < outputs_.size(); ++i) {
            const Output& from = script_.outputs[i];
            outputs_[i].shape = from.shape;
            for (auto& side : outputs_[i].shape) side = side < 0 ? shape_.at(0) : side;
            outputs_[i].values.resize(product(outputs_[i].shape));
            const std::size_t row = outputs_[i].values.size() / static_cast<std::size_t>(shape_.at(0));
            for (std::size_t k = 0; k < outputs_[i].values.size(); ++k) {
                outputs_[i].values[k] = from.values.at(k % from.values.size()) + mean_of_image(k / row);
            }
        }
    }

    [[nodiscard]] std::size_t output_count() const override { return outputs_.size(); }

    sdk::TensorView output(std::size_t index) override {
        Output& output = outputs_.at(index);
        return {ElementType::float32, Device{}, output.values.data(), output.shape, nullptr};
    }

private:
    /// Of an image's first channel; of all of it where it is none.
    [[nodiscard]] float mean_of_image(std::size_t image) const {
        if (script_.input_type != ElementType::float32) return 0;
        const std::size_t size = product(std::span(shape_).subspan(1));
        const std::size_t channels = shape_.size() == 4 ? static_cast<std::size_t>(shape_[1]) : 1;
        const std::size_t step = script_.order == "channels_last" ? channels : 1;
        const auto* const values = reinterpret_cast<const float*>(input_.data()) + image * size;
        const std::size_t count = size / channels;
        float sum = 0;
        for (std::size_t i = 0; i < count; ++i) sum += values[i * step];
        return sum / static_cast<float>(count);
    }

    const Script& script_;
    std::vector<std::int64_t> shape_;
    std::vector<std::int64_t> strides_;
    std::vector<std::byte> input_;
    std::vector<Output> outputs_;
};

class TestNetwork final : public sdk::Network {
public:
    TestNetwork(Script script, const sdk::NetworkRequest& request) : script_(std::move(script)) {
        if (!script_.fail_load.empty()) throw sdk::Failure(IM_FAILURE_NETWORK, script_.fail_load, "Mend the script.");
        info_.inputs.push_back({"images", script_.input_type, std::nullopt});
        if (!script_.input.empty()) info_.inputs[0].shape = script_.input;
        for (std::size_t i = 0; i < script_.outputs.size(); ++i) {
            info_.outputs.push_back({"output" + std::to_string(i), ElementType::float32, script_.outputs[i].shape});
        }
        info_.threads = request.threads;
    }
    [[nodiscard]] const sdk::NetworkInfo& info() const override { return info_; }
    std::unique_ptr<sdk::Execution> create_execution() override { return std::make_unique<TestExecution>(script_); }

private:
    Script script_;
    sdk::NetworkInfo info_;
};

class TestRuntime final : public sdk::Runtime {
public:
    [[nodiscard]] const std::string& version() const override { return version_; }
    std::unique_ptr<sdk::Network> load_network(const sdk::NetworkRequest& request) override {
        return std::make_unique<TestNetwork>(
            parse({reinterpret_cast<const char*>(request.bytes.data()), request.bytes.size()}), request);
    }

private:
    std::string version_ = "1.2.3";
};

std::unique_ptr<sdk::Runtime> open_runtime(const sdk::RuntimeRequest& request) {
    if (request.library == "missing") throw sdk::Failure(IM_FAILURE_RUNTIME, "no such runtime", "Install it.");
    sdk::log(IM_LOG_INFO, "test runtime opened");
    return std::make_unique<TestRuntime>();
}

}  // namespace
}  // namespace inference_models::test_engine

INFERENCE_MODELS_DEFINE_ADAPTER("test", inference_models::test_engine::open_runtime)
