#include "runtime/build_facts.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "common/version_number.hpp"
#include "runtime/debian_packages.hpp"
#include "runtime/files.hpp"
#include "runtime/needed_libraries.hpp"
#include "runtime/python_packages.hpp"

namespace inference_models::runtime {
namespace {

namespace fs = std::filesystem;
using engines::EngineTraits;
using engines::WheelLocation;
using std::string_view;

/// A version as a file states it, without its local part (`+cu128`); nothing where it is not one.
std::string checked_version(string_view text) {
    constexpr std::size_t kLongest = 40;
    constexpr string_view kAllowed = "0123456789abcdefghijklmnopqrstuvwxyz.-";
    text = text.substr(0, text.find('+'));
    const bool usable = text.size() <= kLongest && text.find_first_not_of(kAllowed) == string_view::npos;
    return usable && parse_version_number(text) ? std::string(text) : std::string{};
}

/// What stands between the first pair of quotes.
string_view in_quotes(string_view text) {
    const std::size_t start = text.find_first_of("'\"");
    if (start == string_view::npos) return {};
    const std::size_t end = text.find(text[start], start + 1);
    return end == string_view::npos ? string_view{} : text.substr(start + 1, end - start - 1);
}

/// `12.8` for `cu128`, as in `2.13.0+cu128`.
std::string cuda_of_tag(string_view version) {
    const std::size_t start = version.find("+cu");
    if (start == string_view::npos) return {};
    const string_view digits = version.substr(start + 3);
    if (digits.size() < 3 || digits.find_first_not_of("0123456789") != string_view::npos) return {};
    return std::string(digits.substr(0, digits.size() - 1)) + '.' + digits.back();
}

/// The distribution that a library in a site-packages directory belongs to.
std::optional<Distribution> distribution_of(const EngineTraits& traits, const fs::path& library) {
    const fs::path directory = library.parent_path();
    for (const WheelLocation& wheel : traits.wheels) {
        const fs::path inside = wheel.directory;
        fs::path site_packages = directory;
        for (auto part = inside.begin(); part != inside.end(); ++part) site_packages = site_packages.parent_path();
        if (site_packages / inside != directory) continue;
        if (auto found = find_distribution(site_packages, wheel.distribution)) return found;
    }
    return std::nullopt;
}

std::vector<std::string> execution_providers_in(const fs::path& directory) {
    constexpr std::array<std::pair<string_view, string_view>, 3> kProviders{{
        {"libonnxruntime_providers_tensorrt.so", "TensorrtExecutionProvider"},
        {"libonnxruntime_providers_cuda.so", "CUDAExecutionProvider"},
        {"libonnxruntime_providers_openvino.so", "OpenVINOExecutionProvider"},
    }};
    std::vector<std::string> providers;
    for (const auto& [file, name] : kProviders) {
        if (file_exists(directory / file)) providers.emplace_back(name);
    }
    providers.emplace_back("CPUExecutionProvider");
    return providers;
}

/// The CUDA major version that a library was linked with: `12` for `libcudart.so.12`.
std::string linked_cuda(const fs::path& library) {
    constexpr string_view kRuntime = "libcudart.so.";
    for (const std::string& name : needed_libraries(library)) {
        if (name.starts_with(kRuntime)) return checked_version(string_view(name).substr(kRuntime.size()));
    }
    return {};
}

BuildFacts onnxruntime_facts(const LibraryFile& library) {
    const fs::path directory = library.path.parent_path();
    return {library.version,
            linked_cuda(directory / "libonnxruntime_providers_cuda.so"),
            {},
            execution_providers_in(directory)};
}

/// The wheel has torch/version.py, the archive of libtorch a file build-version; both lie above lib/.
BuildFacts torch_facts(const LibraryFile& library) {
    const fs::path package = library.path.parent_path().parent_path();
    const std::string text = read_text(package / "version.py");
    string_view version = in_quotes(value_of(text, "__version__", '='));
    string_view cuda = in_quotes(value_of(text, "cuda", ':'));
    if (cuda.empty()) cuda = in_quotes(value_of(text, "cuda", '='));
    const std::string build_version = version.empty() ? read_text(package / "build-version") : std::string{};
    if (version.empty()) version = trimmed(build_version);
    return {checked_version(version), cuda.empty() ? cuda_of_tag(version) : checked_version(cuda), {}, {}};
}

/// `tensorrt-cu12-libs` says it in its name, the Debian package in its version: `10.3.0.30-1+cuda12.5`.
std::string tensorrt_cuda(const std::optional<Distribution>& wheel, const Surroundings& surroundings) {
    const std::string stated = wheel ? wheel->name : debian_package_version(surroundings.root, "libnvinfer10");
    const string_view mark = wheel ? "-cu" : "+cuda";
    const std::size_t start = stated.find(mark);
    if (start == std::string::npos) return {};
    const string_view number = string_view(stated).substr(start + mark.size());
    return checked_version(number.substr(0, number.find('-')));
}

}  // namespace

BuildFacts build_facts(const EngineTraits& traits, const LibraryFile& library, const Surroundings& surroundings) {
    const auto wheel = distribution_of(traits, library.path);
    BuildFacts facts{library.version, {}, {}, {}};
    if (traits.engine == Engine::onnxruntime) facts = onnxruntime_facts(library);
    if (traits.engine == Engine::torch) facts = torch_facts(library);
    if (traits.engine == Engine::tensorrt) facts.cuda_version = tensorrt_cuda(wheel, surroundings);
    if (wheel) facts.distribution = wheel->name;
    if (facts.version.empty() && wheel) {
        facts.version = checked_version(wheel->version);
        if (facts.cuda_version.empty()) facts.cuda_version = cuda_of_tag(wheel->version);
    }
    return facts;
}

}  // namespace inference_models::runtime
