#pragma once

#include "hub/progress/speed_meter.hpp"

#include <inference_models/download_progress.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace inference_models::hub {

/// Tells the handler how one package is on its way, and at the end that it no longer is.
class ProgressReport {
public:
    ProgressReport(std::string model_id, std::string package_id);
    ~ProgressReport();
    ProgressReport(const ProgressReport&) = delete;
    ProgressReport& operator=(const ProgressReport&) = delete;

    /// Each false: the handler wants it to stop.
    [[nodiscard]] bool downloaded(std::uint64_t done, std::optional<std::uint64_t> total);
    [[nodiscard]] bool waited();

private:
    SpeedMeter meter_;
    std::optional<DownloadProgress> last_;  ///< none: nothing was told
};

}  // namespace inference_models::hub
