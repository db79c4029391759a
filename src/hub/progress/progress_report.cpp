#include "hub/progress/progress_report.hpp"

#include <utility>

#include "common/log.hpp"
#include "hub/progress/download_progress.hpp"

namespace inference_models::hub {

ProgressReport::ProgressReport(std::string model_id, std::string package_id)
    : meter_(std::move(model_id), std::move(package_id)) {}

ProgressReport::~ProgressReport() {
    if (!last_) return;
    last_->finished = true;
    try {
        // It is over, whatever the handler wants.
        static_cast<void>(report_download_progress(*last_));
    } catch (...) {
        // Nothing may leave a destructor, and there is nothing left to stop.
        log::message(LogLevel::debug, "the handler of a download's progress failed at its end");
    }
}

bool ProgressReport::downloaded(std::uint64_t done, std::optional<std::uint64_t> total) {
    last_ = meter_.measure(done, total);
    return report_download_progress(*last_);
}

bool ProgressReport::waited() {
    last_ = meter_.measure(0, std::nullopt);
    last_->waiting = true;
    return report_download_progress(*last_);
}

}  // namespace inference_models::hub
