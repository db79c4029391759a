#pragma once

#include <inference_models/download_progress.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>

namespace inference_models::hub {

/// Makes what is told of a package's download out of how many of its bytes are there: speed over the last seconds, and
/// the time that is left at this speed.
class SpeedMeter {
public:
    using Clock = std::function<std::chrono::steady_clock::time_point()>;

    SpeedMeter(std::string model_id, std::string package_id, Clock clock = std::chrono::steady_clock::now);

    /// \param done  never counts towards the speed the first time: an earlier download may have brought it. Less than
    ///              before: what was wrong was thrown away, and measuring begins anew
    [[nodiscard]] DownloadProgress measure(std::uint64_t done, std::optional<std::uint64_t> total);

private:
    struct Sample {
        std::chrono::steady_clock::time_point time;
        std::uint64_t done = 0;
    };

    void keep(const Sample& sample);
    [[nodiscard]] double bytes_per_second() const;

    std::string model_id_;
    std::string package_id_;
    Clock clock_;
    std::deque<Sample> samples_;  ///< by time; the first one is the newest that is as old as the window, or the oldest
};

}  // namespace inference_models::hub
