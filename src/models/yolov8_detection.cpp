#include "models/yolov8_detection.hpp"

#include "models/non_maximum_suppression.hpp"
#include "models/score_scan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <inference_models/error.hpp>
#include <vector>

namespace inference_models::models {
namespace {

constexpr std::size_t kBoxValues = 4;       // of a column: centre x, centre y, width, height
constexpr std::size_t kFusedRowValues = 6;  // of a row: corners, confidence, class

Error unexpected_shape(const OutputSlice& output, const std::string& expected) {
    return {ErrorKind::invalid_output, std::string(output.name),
            fmt::format("output `{}` has the shape [batch, {}], but {}", output.name, fmt::join(output.shape, ", "),
                        expected),
            "The file is not a network of the architecture that its package names, or its class names belong to "
            "another one."};
}

Error not_a_number(const OutputSlice& output) {
    return {ErrorKind::invalid_output, std::string(output.name),
            fmt::format("output `{}` holds values that are not finite numbers", output.name),
            "The weights are damaged, or the engine's arithmetic overflowed: try another backend, or a package of "
            "higher precision."};
}

bool is_finite(const Box& box) {
    return std::isfinite(box.x_min) && std::isfinite(box.y_min) && std::isfinite(box.x_max) && std::isfinite(box.y_max);
}

const OutputSlice& only_output(std::span<const OutputSlice> outputs) {
    if (outputs.empty()) {
        throw Error(ErrorKind::invalid_output, "outputs", "the network has no outputs",
                    "It is not a detector of the YOLOv8 family.");
    }
    return outputs.front();
}

class Plain final : public DetectionDecoder {
public:
    explicit Plain(std::size_t class_count) : class_count_(class_count) {}

    [[nodiscard]] Detections decode(std::span<const OutputSlice> outputs,
                                    const ObjectDetectionOptions& options) const override {
        const OutputSlice& output = only_output(outputs);
        const std::size_t rows = kBoxValues + class_count_;
        if (output.shape.size() != 2 || output.shape[0] != static_cast<std::int64_t>(rows)) {
            throw unexpected_shape(
                output, fmt::format("[batch, {}, boxes] is expected: 4 box values and {} classes", rows, class_count_));
        }
        const auto boxes = static_cast<std::size_t>(output.shape[1]);
        return non_maximum_suppression(confident_boxes(output, boxes, options.confidence), options);
    }

private:
    static Detections confident_boxes(const OutputSlice& output, std::size_t boxes, float confidence) {
        std::vector<float> best_score(boxes);
        std::vector<std::int32_t> best_class(boxes);
        if (!best_classes(output.values.subspan(kBoxValues * boxes), boxes, best_score, best_class)) {
            throw not_a_number(output);
        }
        Detections found;
        const float* const values = output.values.data();
        for (std::size_t i = 0; i < boxes; ++i) {
            const float x = values[i];
            const float y = values[boxes + i];
            const float half_width = values[2 * boxes + i] / 2;
            const float half_height = values[3 * boxes + i] / 2;
            const Box box{x - half_width, y - half_height, x + half_width, y + half_height};
            if (!is_finite(box) || !std::isfinite(best_score[i])) throw not_a_number(output);
            if (best_score[i] <= confidence) continue;
            found.xyxy.push_back(box);
            found.class_id.push_back(best_class[i]);
            found.confidence.push_back(best_score[i]);
        }
        return found;
    }

    std::size_t class_count_;
};

class FusedNms final : public DetectionDecoder {
public:
    explicit FusedNms(std::size_t class_count) : class_count_(class_count) {}

    [[nodiscard]] Detections decode(std::span<const OutputSlice> outputs,
                                    const ObjectDetectionOptions& options) const override {
        const OutputSlice& output = only_output(outputs);
        if (output.shape.size() != 2 || output.shape[1] != static_cast<std::int64_t>(kFusedRowValues)) {
            throw unexpected_shape(output, "[batch, boxes, 6] is expected of a network with fused NMS");
        }
        std::vector<std::span<const float, kFusedRowValues>> rows;
        for (auto rest = output.values; rest.size() >= kFusedRowValues; rest = rest.subspan(kFusedRowValues)) {
            const auto row = rest.first<kFusedRowValues>();
            if (!std::ranges::all_of(row, [](float value) { return std::isfinite(value); })) throw not_a_number(output);
            const float confidence = row[4];
            // Networks fill up their rows with zeros.
            if (confidence >= options.confidence && confidence > 0) rows.push_back(row);
        }
        std::ranges::stable_sort(rows, std::ranges::greater{}, [](const auto& row) { return row[4]; });
        const auto most = std::min(rows.size(), static_cast<std::size_t>(options.max_detections));

        Detections found;
        for (const auto& row : std::span(rows).first(most)) {
            found.xyxy.push_back({row[0], row[1], row[2], row[3]});
            found.confidence.push_back(row[4]);
            found.class_id.push_back(class_of(output, row[5]));
        }
        return found;
    }

private:
    [[nodiscard]] std::int32_t class_of(const OutputSlice& output, float value) const {
        if (value < 0 || value >= static_cast<float>(class_count_)) {
            throw Error(ErrorKind::invalid_output, std::string(output.name),
                        fmt::format("output `{}` names class {}, but the package has {} class names", output.name,
                                    value, class_count_),
                        "Complete the package's class names.");
        }
        return static_cast<std::int32_t>(value);
    }

    std::size_t class_count_;
};

}  // namespace

std::unique_ptr<DetectionDecoder> make_yolov8_detection_decoder(const DecoderFacts& facts) {
    if (facts.post_processing.fused_nms) return std::make_unique<FusedNms>(facts.class_count);
    return std::make_unique<Plain>(facts.class_count);
}

}  // namespace inference_models::models
