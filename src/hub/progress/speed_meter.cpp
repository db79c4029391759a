#include "hub/progress/speed_meter.hpp"

#include <cmath>
#include <utility>

namespace inference_models::hub {
namespace {

using namespace std::chrono_literals;

constexpr auto kWindow = 5s;
constexpr auto kBetweenSamples = 100ms;   ///< what is told more often only moves the newest sample
constexpr double kLongestTimeLeft = 1e8;  ///< in seconds; beyond three years nobody waits

std::optional<std::chrono::seconds> time_left(std::uint64_t done, std::optional<std::uint64_t> total,
                                              double bytes_per_second) {
    if (!total) return std::nullopt;
    if (done >= *total) return 0s;
    if (bytes_per_second <= 0) return std::nullopt;
    const double seconds = std::ceil(static_cast<double>(*total - done) / bytes_per_second);
    if (seconds > kLongestTimeLeft) return std::nullopt;
    return std::chrono::seconds(static_cast<std::int64_t>(seconds));
}

}  // namespace

SpeedMeter::SpeedMeter(std::string model_id, std::string package_id, Clock clock)
    : model_id_(std::move(model_id)), package_id_(std::move(package_id)), clock_(std::move(clock)) {}

DownloadProgress SpeedMeter::measure(std::uint64_t done, std::optional<std::uint64_t> total) {
    keep({clock_(), done});
    const double speed = bytes_per_second();
    return {.model_id = model_id_,
            .package_id = package_id_,
            .bytes_done = done,
            .bytes_total = total,
            .bytes_per_second = speed,
            .time_left = time_left(done, total, speed)};
}

void SpeedMeter::keep(const Sample& sample) {
    if (!samples_.empty() && sample.done < samples_.back().done) samples_.clear();
    const bool crowded = samples_.size() > 1 && sample.time - samples_[samples_.size() - 2].time < kBetweenSamples;
    if (crowded) samples_.pop_back();
    samples_.push_back(sample);
    while (samples_.size() > 2 && sample.time - samples_[1].time >= kWindow) samples_.pop_front();
}

double SpeedMeter::bytes_per_second() const {
    const std::chrono::duration<double> passed = samples_.back().time - samples_.front().time;
    if (passed.count() <= 0) return 0;
    return static_cast<double>(samples_.back().done - samples_.front().done) / passed.count();
}

}  // namespace inference_models::hub
