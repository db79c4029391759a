#pragma once

#include "agreement/comparison.hpp"
#include "benchmark/job.hpp"
#include "benchmark/worker_process.hpp"
#include "hub/figures/figures_store.hpp"
#include "hub/find_model.hpp"
#include "hub/settings.hpp"
#include "selection/figures.hpp"

#include <inference_models/load_options.hpp>
#include <inference_models/runtime_description.hpp>

#include <filesystem>
#include <map>
#include <span>
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

    /// Every candidate for a request, in the order that holds where nothing was measured.
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

    /// \throws Error `io_failure` where figures could not be kept; `invalid_environment_variable` where nobody says
    /// where
    void expect_place_for_figures() const;

    /// Remembers figures of candidates whose packages were asked for.
    /// \param reference_id  the package that all were compared with
    /// \throws Error as hub::keep_figures; `invalid_environment_variable` where nobody says where
    void keep(std::span<const selection::Figures> figures, const std::string& reference_id) const;

private:
    hub::Settings settings_;
    RuntimeDescription machine_;
    LoadOptions options_;
    hub::FoundModel model_;
    std::map<std::string, hub::LocalPackage> packages_;  ///< by id
    std::vector<hub::MeasuredPackage> identified_;       ///< the same, as they were before they were measured
};

}  // namespace inference_models::benchmark
