#pragma once

#include <inference_models/error.hpp>
#include <inference_models/explanation.hpp>
#include <inference_models/export.hpp>
#include <inference_models/image.hpp>
#include <inference_models/types.hpp>

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace inference_models {

/// What a loaded model is and how it runs.
struct ModelDescription {
    std::string model_id;
    std::string weights_provider;    ///< where it comes from: `local`, `bundled`, `roboflow`, ...
    std::filesystem::path location;  ///< of the package
    std::string architecture;        ///< `yolov8`
    TaskType task = TaskType::object_detection;
    std::string package_id;
    PackageFormat format = PackageFormat::onnx;
    BackendType backend = BackendType::onnx;
    Engine engine = Engine::onnxruntime;
    std::string runtime_version;
    std::filesystem::path runtime_library;
    std::optional<Device> requested_device;                 ///< none where the caller left it open
    Device device;                                          ///< where it really runs
    std::optional<RequestedPrecision> requested_precision;  ///< none where the caller left it open
    Precision precision = Precision::fp32;                  ///< what it is really computed in
    std::uint32_t threads = 1;                              ///< compute threads that the engine was given
    std::int64_t max_batch_size = 1;  ///< most images of one run; a call with more makes several runs
    ImageSize network_input;          ///< width and height that images are brought to, or the most of it with `rect`
    bool rect = false;                ///< each image has an input of its own that is no larger than it needs
    Explanation explanation;          ///< why it was chosen
};

/// A loaded model whose task is known at run time.
class INFERENCE_MODELS_EXPORT Model {
public:
    virtual ~Model() = default;
    Model(const Model&) = delete;
    Model& operator=(const Model&) = delete;

    [[nodiscard]] virtual TaskType task() const noexcept = 0;
    [[nodiscard]] virtual const ModelDescription& description() const noexcept = 0;
    [[nodiscard]] virtual const std::vector<std::string>& class_names() const noexcept = 0;

    /// The interface of one task: `model->as<ObjectDetectionModel>()`.
    /// \throws Error `invalid_argument` that names the task which the model has
    template <std::derived_from<Model> TaskModel>
    [[nodiscard]] TaskModel& as() {
        if (task() != TaskModel::kTask) throw_other_task(TaskModel::kTask);
        return dynamic_cast<TaskModel&>(*this);
    }

    template <std::derived_from<Model> TaskModel>
    [[nodiscard]] const TaskModel& as() const {
        if (task() != TaskModel::kTask) throw_other_task(TaskModel::kTask);
        return dynamic_cast<const TaskModel&>(*this);
    }

protected:
    Model() = default;

private:
    [[noreturn]] void throw_other_task(TaskType asked) const;
};

}  // namespace inference_models
