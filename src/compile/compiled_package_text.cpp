#include <fmt/format.h>

#include <inference_models/compile.hpp>
#include <nlohmann/json.hpp>

namespace inference_models {
namespace {

std::string told(const BatchRule& batch) {
    if (!batch.max) return fmt::format("{} or more", batch.min);
    return batch.min == *batch.max ? fmt::format("{}", batch.min) : fmt::format("{} to {}", batch.min, *batch.max);
}

}  // namespace

std::string to_text(const CompiledPackage& package) {
    return fmt::format(
        "{}\n"
        "  of        {} of {}\n"
        "  lies at   {}\n"
        "  for       {} {}, {}, this machine\n"
        "  images    {}x{}, {} per run\n"
        "  agreement {}\n"
        "It is taken from now on where {} is loaded{}.\n",
        package.package_id, package.source_package_id, package.model_id, package.location.string(),
        display_name(package.facts.engine), package.facts.runtime_version, to_string(package.precision),
        package.network_size.height, package.network_size.width, told(package.batch), package.agreement,
        package.model_id,
        package.precision == Precision::fp32 ? "" : fmt::format(" with precision={}", to_string(package.precision)));
}

std::string to_json(const CompiledPackage& package) {
    using nlohmann::ordered_json;
    const ordered_json document{
        {"model_id", package.model_id},
        {"package_id", package.package_id},
        {"source_package_id", package.source_package_id},
        {"location", package.location.string()},
        {"engine", to_string(package.facts.engine)},
        {"runtime_version", package.facts.runtime_version},
        {"architecture", package.facts.architecture},
        {"instruction_sets", package.facts.instruction_sets},
        {"command", package.facts.command},
        {"precision", to_string(package.precision)},
        {"batch",
         {{"min", package.batch.min}, {"max", package.batch.max ? ordered_json(*package.batch.max) : ordered_json()}}},
        {"network_size", {{"width", package.network_size.width}, {"height", package.network_size.height}}},
        {"agreement", package.agreement}};
    return document.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace inference_models
