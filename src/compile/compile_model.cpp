#include <fmt/format.h>

#include <algorithm>
#include <inference_models/auto_model.hpp>
#include <inference_models/compile.hpp>
#include <inference_models/error.hpp>
#include <memory>
#include <utility>

#include "compile/calibration.hpp"
#include "compile/compile_options.hpp"
#include "compile/network_compilers.hpp"
#include "compile/output_agreement.hpp"
#include "hub/compiled/compiled_file.hpp"
#include "hub/compiled/compiled_packages.hpp"
#include "hub/compiled/compiled_store.hpp"
#include "hub/digest.hpp"
#include "hub/find_model.hpp"
#include "models/families.hpp"
#include "models/load_listed.hpp"
#include "runtime/describe.hpp"
#include "selection/selection.hpp"

/// The way of one call: the package to compile, its network compiled aside, its answers compared, the place where it is
/// listed.
namespace inference_models {
namespace compile {
namespace {

namespace fs = std::filesystem;

/// What is asked of a model that is compiled, and of the one that it is compared with.
LoadOptions load_options(const CompileOptions& options, RequestedPrecision precision) {
    LoadOptions request;
    request.backends = {backend_of(options.engine)};
    request.precision = precision;
    request.device = Device{};
    request.weights_provider = options.weights_provider;
    return request;
}

/// The package whose network is compiled: the best of those that the engine runs as they are stored.
hub::LocalPackage source_package(const hub::FoundModel& model, const CompileOptions& options,
                                 const RuntimeDescription& machine, const hub::Settings& settings) {
    LoadOptions request = load_options(
        options, options.precision == Precision::int8 ? RequestedPrecision::fp32 : requested(options.precision));
    request.model_package_id = options.model_package_id;
    request.quantization = {Precision::fp32};
    formats::Listing plain = model.listing;
    std::erase_if(plain.packages, [](const formats::Package& package) { return package.made_from != nullptr; });
    Explanation explanation;
    explanation.model_id = plain.model_id;
    explanation.weights_provider = plain.weights_provider;
    explanation.location = plain.location;
    explanation.candidates = selection::rank_candidates(plain, machine, request, models::supported_families());
    const PackageFormat format = options.engine == Engine::torch ? PackageFormat::torch_script : PackageFormat::onnx;
    const auto is_source = [&](const Candidate& candidate) {
        return candidate.runs_here() && candidate.engine == options.engine && candidate.format == format;
    };
    const auto found = std::ranges::find_if(explanation.candidates, is_source);
    if (found == explanation.candidates.end()) throw selection::no_usable_backend(explanation, machine, request);
    return hub::bring_package(model, *std::ranges::find(plain.packages, found->package_id, &formats::Package::id),
                              request, settings);
}

std::optional<std::int64_t> batch_of(const formats::Package& source, const CompileOptions& options) {
    const BatchRule& allowed = source.batch;
    if (!options.batch_size) return options.engine == Engine::onnxruntime ? std::nullopt : std::optional(allowed.min);
    const std::int64_t asked = *options.batch_size;
    if (asked >= allowed.min && asked <= allowed.max.value_or(asked)) return asked;
    throw Error(ErrorKind::invalid_argument, "batch_size",
                fmt::format("batch_size = {}, and {} takes {} to {} images per run", asked, source.id, allowed.min,
                            allowed.max.value_or(allowed.min)),
                "Use one of these, or leave batch_size out.");
}

Job job_for(formats::Package source, const CompileOptions& options, const RuntimeDescription& machine) {
    Job job;
    job.engine = options.engine;
    job.precision = options.precision;
    job.batch = batch_of(source, options);
    job.size = options.size.value_or(formats::read_package_contents(source).pre_processing.network_size);
    job.threads = machine.cpu.threads;
    job.runtime = machine.engine(options.engine);
    job.source = std::move(source);
    check_dimensions(job);
    return job;
}

BatchRule batch_rule(const Job& job) {
    return job.batch ? BatchRule{.min = *job.batch, .max = job.batch} : job.source.batch;
}

/// `onnx-fp32.torch-bf16-b1-640x640`: a file's name may have characters that an id has not.
std::string id_of(const Job& job) {
    constexpr std::size_t kLongest = 120;
    std::string source = job.source.id.substr(0, kLongest);
    const auto is_plain = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
               c == '.';
    };
    std::ranges::replace_if(source, [&](char c) { return !is_plain(c); }, '-');
    if (source.starts_with('.')) source.front() = '-';
    const BatchRule batch = batch_rule(job);
    const std::string count = batch.max == batch.min ? fmt::format("-b{}", batch.min) : std::string();
    return fmt::format("{}.{}-{}{}-{}x{}", source, to_string(job.engine), to_string(job.precision), count,
                       job.size.height, job.size.width);
}

/// A model of one package, which needs not be listed.
std::unique_ptr<Model> load(const formats::Package& package, const LoadOptions& options) {
    hub::FoundModel model;
    model.listing = {
        .model_id = package.id, .weights_provider = "local", .location = package.path, .packages = {package}};
    LoadOptions one = options;
    one.model_package_id = package.id;
    return models::load_listed(std::move(model), one);
}

/// The source's own network, at the size that is compiled for.
formats::Package reference_package(const Job& job) {
    formats::Package reference = job.source;
    reference.made_from = std::make_shared<const formats::Package>(job.source);
    reference.sizes = formats::SizeRule{.own = job.size, .stride = std::nullopt};
    return reference;
}

std::size_t pictures_per_run(const Job& job) {
    return static_cast<std::size_t>(job.batch.value_or(job.source.batch.min));
}

void write_record(const Job& job, const RuntimeDescription& machine, hub::CompiledSource source,
                  const std::string& command) {
    hub::CompiledRecord record;
    record.facts = {job.engine, job.runtime.version, machine.cpu.architecture, machine.cpu.instruction_sets, command};
    record.precision = job.precision;
    record.batch = batch_rule(job);
    record.network_size = job.size;
    record.source = std::move(source);
    hub::write_compiled_file(job.directory, record);
}

/// Everything between the package that was found and the one that is listed.
CompiledPackage make(Job job, const CompileOptions& options, const RuntimeDescription& machine,
                     const hub::Settings& settings, const std::string& command) {
    const auto loaded_reference = load(reference_package(job), load_options(options, RequestedPrecision::fp32));
    const auto& reference = loaded_reference->as<ObjectDetectionModel>();
    const std::string id = id_of(job);
    hub::NewCompiledPackage made(settings.needed_cache_directory(), job.source.path, id);
    job.directory = made.directory();
    hub::CompiledSource source = hub::compiled_source(job.source.weights);
    source.sha256 = hub::digests_of_file(source.weights).sha256;

    std::vector<fs::path> pictures;
    fs::path weights = job.source.weights;
    if (job.precision == Precision::int8) {
        pictures = calibration_pictures(options.calibration);
        tell(options, fmt::format("quantising {} with {} pictures", job.source.id, pictures.size()));
        weights = quantise(job, machine.engine(Engine::onnxruntime), reference, pictures);
    }
    tell(options, fmt::format("compiling {} for {} {} in {}", job.source.id, display_name(job.engine),
                              job.runtime.version, to_string(job.precision)));
    compile_network(job, weights);
    if (weights != job.source.weights) fs::remove(weights);
    write_record(job, machine, source, command);
    made.seal();

    tell(options, fmt::format("comparing its answers with those of {}", job.source.id));
    const formats::Package compiled = hub::read_compiled_package(job.directory, job.source);
    CompiledPackage result;
    {
        const auto loaded = load(compiled, load_options(options, requested(job.precision)));
        const auto& model = loaded->as<ObjectDetectionModel>();
        const std::size_t count = pictures_per_run(job);
        const bool is_fused = formats::read_package_contents(job.source).post_processing.fused_nms;
        result.agreement =
            job.precision == Precision::int8
                ? expect_objects(reference, model, pictures)
                : expect_agreement(answers_of(reference, count), answers_of(model, count), job.precision, is_fused);
    }
    result.location = made.register_sealed();
    result.package_id = id;
    result.source_package_id = job.source.id;
    result.facts = *compiled.compiled;
    result.precision = job.precision;
    result.batch = compiled.batch;
    result.network_size = job.size;
    return result;
}

}  // namespace
}  // namespace compile

CompiledPackage compile_model(const std::string& model_id_or_path, const CompileOptions& options) {
    compile::check(options);
    const hub::Settings settings = hub::Settings::of_this_process();
    const RuntimeDescription machine = runtime::this_machine();
    const hub::FoundModel model =
        hub::find_model(model_id_or_path, compile::load_options(options, requested(Precision::fp32)), settings,
                        hub::BundledModels::of_this_installation());
    const hub::LocalPackage source = compile::source_package(model, options, machine, settings);  // held until the end
    compile::Job job = compile::job_for(static_cast<const formats::Package&>(source), options, machine);
    CompiledPackage package =
        compile::make(std::move(job), options, machine, settings, compile::command_of(model_id_or_path, options));
    package.model_id = model.listing.model_id;
    return package;
}

}  // namespace inference_models
