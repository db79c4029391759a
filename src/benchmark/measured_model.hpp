#pragma once

#include "agreement/comparison.hpp"
#include "benchmark/job.hpp"
#include "benchmark/worker_process.hpp"
#include "hub/find_model.hpp"
#include "hub/settings.hpp"

#include <inference_models/load_options.hpp>
#include <inference_models/runtime_description.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace inference_models::benchmark {

/// A model whose candidates are measured: from what a caller calls it to jobs for workers.
class MeasuredModel {
public:
    /// \throws Error as hub::find_model
    MeasuredModel(const std::string& model_id_or_path, const LoadOptions& options);

    [[nodiscard]] const std::string& id() const noexcept { return model_.listing.model_id; }
    [[nodiscard]] const std::filesystem::path& location() const noexcept { return model_.listing.location; }
    [[nodiscard]] const RuntimeDescription& machine() const noexcept { return machine_; }
    [[nodiscard]] const hub::Settings& settings() const noexcept { return settings_; }

    /// Every candidate for a request, the best first.
    [[nodiscard]] std::vector<Candidate> rank(const LoadOptions& options) const;

    /// The error that loading the model with these options gives, where nothing runs here.
    [[nodiscard]] Error no_usable_backend(const LoadOptions& options) const;

    /// The package of a candidate on this machine, where it stays while this lives.
    /// \throws Error as hub::bring_package
    [[nodiscard]] const hub::LocalPackage& package_of(const Candidate& candidate);

    /// A job that loads a candidate and no other.
    /// \throws Error as package_of
    [[nodiscard]] Job job_for(const Candidate& candidate, const LoadOptions& options);

    [[nodiscard]] Worker worker_for(const Candidate& candidate) const;

private:
    hub::Settings settings_;
    RuntimeDescription machine_;
    LoadOptions options_;
    hub::FoundModel model_;
    std::map<std::string, hub::LocalPackage> packages_;  ///< by id
};

}  // namespace inference_models::benchmark
