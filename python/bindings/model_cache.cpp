#include <inference_models/model_cache.hpp>

#include "arguments.hpp"
#include "bindings.hpp"
#include "library_call.hpp"
#include "records.hpp"

namespace inference_models::python {

void bind_model_cache(nb::module_& module) {
    RecordBinding<OfflineFileStatus>(module, "OfflineArtefactStatus", "A file in the cache.")
        .member("handle", &OfflineFileStatus::handle, "its path inside of the package")
        .member("size_bytes", &OfflineFileStatus::size_bytes, "as it was downloaded")
        .member("state", &OfflineFileStatus::state, "`whole`, `missing` or `damaged`")
        .member("problem", &OfflineFileStatus::problem, "one line where it is not whole")
        .plain();
    RecordBinding<OfflinePackageStatus>(module, "OfflinePackageStatus", "A package in the cache.")
        .member("package_id", &OfflinePackageStatus::package_id, "what `model_package_id` takes")
        .member("format", &OfflinePackageStatus::format, "`onnx`, `torch-script`, ...")
        .member("path", &OfflinePackageStatus::path, "where it lies; a path that can be loaded")
        .member("size_bytes", &OfflinePackageStatus::size_bytes, "of all its files")
        .member("state", &OfflinePackageStatus::state, "`whole`, `missing` or `damaged`")
        .member("files", &OfflinePackageStatus::files, "each with its state")
        .plain();
    RecordBinding<OfflineModelStatus>(module, "OfflineModelStatus", "A model in the cache.")
        .member("model_id", &OfflineModelStatus::model_id, "what it was loaded by")
        .member("weights_provider", &OfflineModelStatus::weights_provider, "where it comes from")
        .member("architecture", &OfflineModelStatus::architecture, "`yolov8`")
        .member("task_type", &OfflineModelStatus::task_type, "`object-detection`")
        .member("packages", &OfflineModelStatus::packages, "those that were downloaded")
        .plain();
    module.def(
        "list_offline_models", [] { return call_library([] { return list_offline_models(); }); },
        "What is in the cache.");
    module.def(
        "verify_offline_model",
        [](nb::handle model_id, nb::handle check_hashes) {
            const std::string id = text("model_id", model_id);
            const bool read_all = flag("check_hashes", check_hashes);
            return call_library([&] { return verify_offline_model(id, read_all); });
        },
        nb::arg("model_id").none(), nb::arg("check_hashes").none(), "The state of one model in the cache.");
    module.def(
        "model_cache_directory", [] { return call_library([] { return model_cache_directory(); }); },
        "Where downloaded models lie.");
}

}  // namespace inference_models::python
