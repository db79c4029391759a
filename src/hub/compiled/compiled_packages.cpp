#include "hub/compiled/compiled_packages.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <utility>

#include "common/shell_quoting.hpp"
#include "formats/package_files.hpp"
#include "hub/cache/durable_files.hpp"
#include "hub/checked_names.hpp"
#include "hub/compiled/compiled_file.hpp"

namespace inference_models::hub {
namespace {

namespace fs = std::filesystem;

std::string how_to_make_anew(const fs::path& package) {
    return fmt::format("Compile the model again, or remove the package: rm -r {}", shell_quoted(package.string()));
}

/// Compiled networks are programs: what others could have put here is not run. Whoever is root could do anything else.
void expect_trusted(const fs::path& path, const fs::path& package) {
    const auto facts = facts_of(path);
    if (!facts) throw formats::corrupted_file(path, "is missing", how_to_make_anew(package));
    if (facts->owner != ::geteuid() && facts->owner != 0) {
        throw Error(ErrorKind::untrusted, path.string(),
                    fmt::format("{} belongs to another user, of the id {}", path.string(), facts->owner),
                    how_to_make_anew(package));
    }
    if ((facts->mode & (S_IWGRP | S_IWOTH)) != 0) {
        throw Error(ErrorKind::untrusted, path.string(),
                    fmt::format("other users may write to {}: its mode is {:04o}", path.string(), facts->mode),
                    how_to_make_anew(package));
    }
}

void expect_trusted_file(const fs::path& path, const fs::path& package) {
    expect_trusted(path, package);
    if (!facts_of(path)->is_file) {
        throw formats::corrupted_file(path, "is not a regular file", how_to_make_anew(package));
    }
}

void expect_trusted_directory(const fs::path& path, const fs::path& package) {
    expect_trusted(path, package);
    if (!facts_of(path)->is_directory) {
        throw formats::corrupted_file(path, "is not a directory", how_to_make_anew(package));
    }
}

/// What it says has a way on of its own: nobody is to mend these files by hand.
CompiledRecord read_record(const fs::path& directory) {
    try {
        return read_compiled_file(directory);
    } catch (const Error& error) {
        throw Error(error.kind(), error.subject(), error.message(), how_to_make_anew(directory));
    }
}

void expect_same_source(const CompiledRecord& record, const formats::Package& source, const fs::path& package) {
    const CompiledSource now = compiled_source(source.weights);
    const CompiledSource& then = record.source;
    if (now.weights == then.weights && now.size == then.size && now.modified_ns == then.modified_ns) return;
    throw Error(ErrorKind::corrupted_package, package.string(),
                fmt::format("{} was made from another version of {}", package.string(), source.weights.string()),
                fmt::format("Compile it again: {}", record.facts.command));
}

/// A listed package, or what is wrong with it.
formats::Package listed(const fs::path& directory, const formats::Package& source) {
    try {
        return read_compiled_package(directory, source);
    } catch (const Error& problem) {
        formats::Package package;
        package.id = directory.filename().string();
        package.path = directory;
        package.trusted_source = true;  // the problem says what is to be said
        package.made_from = std::make_shared<const formats::Package>(source);
        package.problem = problem;
        return package;
    }
}

}  // namespace

CompiledForm compiled_form(Engine engine) {
    switch (engine) {
        case Engine::torch: return {PackageFormat::pt2, "weights.pt2", ""};
        case Engine::openvino: return {PackageFormat::openvino_ir, "weights.xml", "weights.bin"};
        case Engine::onnxruntime:
        case Engine::tensorrt: break;
    }
    return {PackageFormat::onnx, "weights.onnx", ""};
}

bool CompiledPackages::has_any() const {
    return !layout_.root().empty() && facts_of(layout_.all_compiled()).has_value();
}

bool CompiledPackages::has_any_of(const fs::path& source) const {
    return facts_of(layout_.compiled(source).directory()).has_value();
}

std::vector<formats::Package> CompiledPackages::of(const formats::Package& source) const {
    std::vector<formats::Package> packages;
    if (source.problem || source.path.empty()) return packages;
    const CompiledLayout compiled = layout_.compiled(source.path);
    for (const std::string& id : names_in(compiled.directory())) {
        if (is_package_id(id)) packages.push_back(listed(compiled.package(id), source));
    }
    return packages;
}

formats::Package read_compiled_package(const fs::path& directory, const formats::Package& source) {
    // Whoever may write to the directories above could exchange this one.
    expect_trusted_directory(directory.parent_path().parent_path(), directory);
    expect_trusted_directory(directory.parent_path(), directory);
    expect_trusted_directory(directory, directory);
    expect_trusted_file(directory / kCompiledFile, directory);
    const CompiledRecord record = read_record(directory);
    expect_same_source(record, source, directory);

    const CompiledForm form = compiled_form(record.facts.engine);
    formats::Package package = source;
    package.id = directory.filename().string();
    package.path = directory;
    package.weights = directory / form.weights;
    package.format = form.format;
    package.quantization = record.precision;
    package.batch = record.batch;
    package.sizes = formats::SizeRule{.own = record.network_size, .stride = std::nullopt};
    package.compiled = record.facts;
    package.torch_script.reset();  // the engine's version is a fact of the package
    if (form.format != PackageFormat::onnx) package.onnx.reset();
    package.files.clear();
    package.made_from = std::make_shared<const formats::Package>(source);
    expect_trusted_file(package.weights, directory);
    if (!form.further_file.empty()) expect_trusted_file(directory / form.further_file, directory);
    return package;
}

}  // namespace inference_models::hub
