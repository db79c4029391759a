#pragma once

#include "formats/json_reader.hpp"
#include "formats/package.hpp"
#include "vision/pre_processing.hpp"

#include <optional>
#include <string_view>

/// inference_config.json of a package in Roboflow's layout. Every reader throws Error `corrupted_package` that names
/// the file and the field; keys that are not known are passed over.
namespace inference_models::formats {

/// `forward_pass`: a number of images, and the field that states it.
struct BatchStatement {
    std::int64_t count;
    JsonValue field;
};

struct ForwardPass {
    std::optional<BatchStatement> static_batch_size;
    std::optional<BatchStatement> max_dynamic_batch_size;
};

/// A member that counts images, where it is there.
[[nodiscard]] std::optional<BatchStatement> find_batch_size(const JsonValue& object, std::string_view name);

[[nodiscard]] ForwardPass read_forward_pass(const JsonValue& config);

/// \throws Error `unsupported_model` where the architecture cannot have what the package asks for
[[nodiscard]] vision::PreProcessing read_pre_processing(const JsonValue& config, std::string_view architecture);

/// What `network_input` says of sizes; the network may know better.
[[nodiscard]] SizeRule read_size_rule(const JsonValue& config);

/// The parameters of an NMS, as far as they are stated.
[[nodiscard]] FusedNms read_nms_parameters(const JsonValue& parameters);

/// \param nms_wanted  whether the network is one whose outputs need NMS, stated as `post_processing.type`
[[nodiscard]] PostProcessing read_post_processing(const JsonValue& config, bool nms_wanted);

}  // namespace inference_models::formats
