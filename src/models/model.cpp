#include <fmt/format.h>

#include <inference_models/model.hpp>

namespace inference_models {

void Model::throw_other_task(TaskType asked) const {
    throw Error(
        ErrorKind::invalid_argument, description().model_id,
        fmt::format("{} is a model for {}, not for {}", description().model_id, to_string(task()), to_string(asked)),
        "Ask for the interface of its own task.");
}

}  // namespace inference_models
