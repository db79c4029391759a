#include "benchmark/measured_model.hpp"

#include <algorithm>
#include <inference_models/error.hpp>
#include <utility>

#include "hub/cache/cache_layout.hpp"
#include "models/families.hpp"
#include "runtime/describe.hpp"
#include "selection/selection.hpp"

namespace inference_models::benchmark {

MeasuredModel::MeasuredModel(const std::string& model_id_or_path, const LoadOptions& options)
    : settings_(hub::Settings::of_this_process()),
      machine_(runtime::this_machine()),
      options_(options),
      model_(hub::find_model(model_id_or_path, options, settings_, hub::BundledModels::of_this_installation())) {}

std::vector<Candidate> MeasuredModel::rank(const LoadOptions& options) const {
    return selection::rank_candidates(model_.listing, machine_, options, models::supported_families());
}

Error MeasuredModel::no_usable_backend(const LoadOptions& options) const {
    Explanation explanation;
    explanation.model_id = model_.listing.model_id;
    explanation.weights_provider = model_.listing.weights_provider;
    explanation.location = model_.listing.location;
    explanation.candidates = rank(options);
    return selection::no_usable_backend(explanation, machine_, options);
}

const hub::LocalPackage& MeasuredModel::package_of(const Candidate& candidate) {
    const auto known = packages_.find(candidate.package_id);
    if (known != packages_.end()) return known->second;
    const auto listed = std::ranges::find(model_.listing.packages, candidate.package_id, &formats::Package::id);
    hub::LocalPackage package = hub::bring_package(model_, *listed, options_, settings_);
    identified_.push_back(hub::identify(package));
    return packages_.emplace(candidate.package_id, std::move(package)).first->second;
}

Job MeasuredModel::job_for(const Candidate& candidate, const LoadOptions& options) {
    const hub::LocalPackage& package = package_of(candidate);
    Job job;
    // What was compiled is found with what it was made from.
    job.model = package.made_from ? package.made_from->path : package.path;
    job.load = agreement::options_for(candidate, options);
    return job;
}

Worker MeasuredModel::worker_for(const Candidate& candidate) const {
    return benchmark::worker_for(machine_.engine(*candidate.engine));
}

void MeasuredModel::expect_place_for_figures() const {
    const hub::CacheLayout cache(settings_.needed_cache_directory());
    cache.make(cache.figures().directory());
}

void MeasuredModel::keep(std::span<const selection::Figures> figures, const std::string& reference_id) const {
    hub::keep_figures(settings_.needed_cache_directory(), identified_, reference_id, figures, machine_, options_);
}

}  // namespace inference_models::benchmark
