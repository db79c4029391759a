#pragma once

#include <inference_models/types.hpp>

#include <span>
#include <string_view>

/// What each engine is, as data: which formats it opens under which backend's name, what installs it, and where its
/// runtime is found. Adding an engine adds a row here and an adapter beside it.
namespace inference_models::engines {

struct FormatSupport {
    PackageFormat format;
    BackendType backend;  ///< the word that a user says for this (format, engine) pair
    // NOLINTNEXTLINE(readability-redundant-member-init): GCC warns of initializers that leave it out otherwise
    std::span<const Precision> converts_to = {};  ///< what a network stored in fp32 is computed in on request
};

/// Where a runtime's library lies inside a Python site-packages directory.
struct WheelLocation {
    std::string_view distribution;    ///< `onnxruntime-gpu`; its dist-info directory tells the version
    std::string_view directory;       ///< `onnxruntime/capi`
    std::string_view library_prefix;  ///< `libonnxruntime.so`: this name, or this name with a version behind it
};

/// The optional installation that brings an engine's build for a kind of device.
struct InstallationForDevice {
    DeviceKind device;
    std::string_view extra;  ///< `onnx-cu12`, an Extra's name
};

struct EngineTraits {
    Engine engine;
    std::string_view adapter_library;  ///< `libinference_models_onnxruntime.so`
    /// The adapter is linked with the runtime, whose C++ interface differs from one minor release to the next: there is
    /// one for each, `libinference_models_torch-2.13.so`, and what did not come ready for use is built from source.
    bool adapter_is_linked = false;
    std::string_view requirement;                          ///< `onnxruntime`, what pip installs
    std::string_view oldest_version;                       ///< `1.16`; older ones are not driven
    std::string_view library_variable;                     ///< environment variable that names the library outright
    std::span<const std::string_view> vendor_variables;    ///< installation roots: `INTEL_OPENVINO_DIR`, ...
    std::span<const WheelLocation> wheels;                 ///< the preferred one first
    std::span<const std::string_view> sonames;             ///< for the system loader, the preferred one first
    std::span<const InstallationForDevice> installations;  ///< the plain one first
    std::span<const FormatSupport> formats;
    std::span<const DeviceKind> devices;
    std::span<const Precision> precisions;  ///< that it can compute in
};

/// One for each enumerator of Engine, in its order.
[[nodiscard]] std::span<const EngineTraits> engine_catalog() noexcept;
[[nodiscard]] const EngineTraits& traits(Engine engine) noexcept;

/// The newest default ONNX operator set that an ONNX Runtime version runs; 0 where the version is newer than the
/// table, so that nothing is known against it.
[[nodiscard]] int newest_onnx_opset(std::string_view onnxruntime_version) noexcept;

}  // namespace inference_models::engines
