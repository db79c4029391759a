#include "formats/network_checks.hpp"

#include <fmt/format.h>

#include "formats/limits.hpp"
#include "formats/package_files.hpp"

namespace inference_models::formats {
namespace {

constexpr std::int64_t kChannels = 3;
constexpr std::int64_t kBoxCoordinates = 4;
constexpr std::int64_t kRowLength = 6;

std::int64_t unfused_channels(std::size_t class_count) {
    return kBoxCoordinates + static_cast<std::int64_t>(class_count);
}

}  // namespace

std::optional<std::int64_t> fixed_batch_of(const std::filesystem::path& path, const OnnxFile& network) {
    const OnnxValue& input = network.inputs.front();
    const std::optional<std::int64_t> batch = input.size_of(0);
    if (!batch || *batch <= kLargestBatch) return batch;
    throw corrupted_file(path,
                         fmt::format("takes `{}` {}: {} images per run; at most {} are possible", input.name,
                                     shape_text(input), *batch, kLargestBatch),
                         "Export the network again with a smaller batch.");
}

void check_input_size(const Package& package, ImageSize size) {
    // No overflow: the readers keep each factor below its own limit.
    const std::int64_t batch = package.batch.max.value_or(package.batch.min);
    const std::int64_t elements = batch * kChannels * size.height * size.width;
    if (elements <= kMostInputElements) return;
    throw corrupted_file(
        package.path,
        fmt::format("takes up to {} images of {}x{} per run, {} numbers in all; at most {} are possible", batch,
                    size.width, size.height, elements, kMostInputElements),
        "Export the network again with a smaller batch or smaller images.");
}

NetworkImage image_of(const std::filesystem::path& path, const OnnxFile& network) {
    const OnnxValue& input = network.inputs.front();
    if (!input.shape) return {};
    // An unknown number of channels is left to the run.
    if (input.shape->size() == 4 && input.size_of(1).value_or(kChannels) == kChannels) {
        return {.height = input.size_of(2), .width = input.size_of(3)};
    }
    if (input.shape->size() == 4 && input.size_of(3) == kChannels)
        return {.height = input.size_of(1), .width = input.size_of(2)};
    throw corrupted_file(
        path,
        fmt::format("takes `{}` of shape {}; images with three channels are needed, [batch, 3, height, "
                    "width]",
                    input.name, shape_text(input)),
        "Export the network for colour images.");
}

bool answers_with_rows(const OnnxFile& network, std::size_t class_count) {
    const OnnxValue& output = network.outputs.front();
    return output.shape && output.shape->size() == 3 && output.size_of(2) == kRowLength &&
           output.size_of(1) != unfused_channels(class_count);
}

void check_class_count(const std::string& names_place, std::size_t class_count, const OnnxFile& network) {
    const OnnxValue& output = network.outputs.front();
    const std::optional<std::int64_t> channels = output.size_of(1);
    if (!channels || *channels == unfused_channels(class_count)) return;
    throw Error(ErrorKind::corrupted_package, names_place,
                fmt::format("{} has {} class names, but the network's output `{}` {} is for {} classes", names_place,
                            class_count, output.name, shape_text(output), *channels - kBoxCoordinates),
                "Write the names of the classes that the network was trained for, one for each, in its order.");
}

}  // namespace inference_models::formats
