#include "agreement/loaded_as_asked.hpp"

#include <fmt/format.h>

#include <string>

namespace inference_models::agreement {
namespace {

std::string way(const std::string& package_id, Engine engine, const Device& device, Precision precision) {
    return fmt::format("{} in {} on {} in {}", package_id, display_name(engine), to_string(device),
                       to_string(precision));
}

}  // namespace

std::optional<Error> difference_from(const Candidate& asked, const ModelDescription& loaded) {
    const std::string wanted = way(asked.package_id, *asked.engine, asked.device, *asked.precision);
    const std::string given = way(loaded.package_id, loaded.engine, loaded.device, loaded.precision);
    if (wanted == given) return std::nullopt;
    return Error(ErrorKind::engine_failure, asked.package_id,
                 fmt::format("{} was asked for, and {} was loaded", wanted, given),
                 "Do not rely on what this candidate says of itself; ask for the one that was loaded.");
}

}  // namespace inference_models::agreement
