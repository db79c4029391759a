"""Give it a model and an image: it finds the fastest backend on this machine that gives the right answer, and runs.

    from inference_models import AutoModel

    model = AutoModel.from_pretrained("codes-n-640")
    detections = model("photo.jpg")[0]
    print(detections.xyxy, detections.confidence, [model.class_names[i] for i in detections.class_id])

What runs is the C++ library `inference_models`; this package gives it Python's names and numpy's arrays.
"""

import os
import sys

from inference_models._core import (
    OfflineArtefactStatus,
    OfflineModelStatus,
    OfflinePackageStatus,
    __version__,
    compare_benchmarks,
    read_benchmark_report,
    set_python_site_packages,
)
from inference_models.auto_model import AutoModel
from inference_models.detections import Detections
from inference_models.enums import BackendType, ColorFormat, Goal, Precision, Quantization
from inference_models.errors import (
    BaseInferenceModelsError,
    CorruptedModelPackageError,
    DownloadCancelledError,
    EnvironmentConfigurationError,
    FileHashSumMissmatch,
    ForbiddenModelAccessError,
    InsecureModelIdentifierError,
    InvalidEnvVariable,
    InvalidParameterError,
    InvalidRequestedBatchSizeError,
    ModelImplementationNotFoundError,
    ModelInputError,
    ModelLoadingError,
    ModelNotFoundError,
    ModelPackageNegotiationError,
    ModelRetrievalError,
    ModelRuntimeError,
    NoModelPackagesAvailableError,
    PaymentRequiredModelAccessError,
    RetryError,
    UnauthorizedModelAccessError,
    UnknownBackendTypeError,
    UnknownQuantizationError,
    UntrustedFileError,
    UsagePausedModelAccessError,
)
from inference_models.object_detection_model import ObjectDetectionModel

__all__ = [
    "AutoModel",
    "BackendType",
    "BaseInferenceModelsError",
    "ColorFormat",
    "CorruptedModelPackageError",
    "Detections",
    "DownloadCancelledError",
    "EnvironmentConfigurationError",
    "FileHashSumMissmatch",
    "Goal",
    "ForbiddenModelAccessError",
    "InsecureModelIdentifierError",
    "InvalidEnvVariable",
    "InvalidParameterError",
    "InvalidRequestedBatchSizeError",
    "ModelImplementationNotFoundError",
    "ModelInputError",
    "ModelLoadingError",
    "ModelNotFoundError",
    "ModelPackageNegotiationError",
    "ModelRetrievalError",
    "ModelRuntimeError",
    "NoModelPackagesAvailableError",
    "ObjectDetectionModel",
    "OfflineArtefactStatus",
    "OfflineModelStatus",
    "OfflinePackageStatus",
    "PaymentRequiredModelAccessError",
    "Precision",
    "Quantization",
    "RetryError",
    "UnauthorizedModelAccessError",
    "UnknownBackendTypeError",
    "UnknownQuantizationError",
    "UntrustedFileError",
    "UsagePausedModelAccessError",
    "__version__",
    "compare_benchmarks",
    "read_benchmark_report",
]


# Runtimes are looked for where this interpreter's packages lie, which may be elsewhere than this one.
set_python_site_packages([path for path in sys.path if path.endswith(("site-packages", "dist-packages"))])


def _warn_of_another_package_in_this_directory() -> None:
    """Roboflow's distribution `inference-models` installs into a directory of the same name. Where ours came last, this
    file is ours and files of theirs lie beside it; removing theirs then takes this file away."""
    directory = __path__[0]
    if not os.access(f"{directory}/models/auto_loaders", os.F_OK):
        return
    import warnings

    warnings.warn(
        "The distributions inference-models (Roboflow) and inference-models-cpp install into one directory, "
        f"{directory}, and overwrite each other's files. Keep one of them in an environment. To keep this one:\n"
        "    pip uninstall --yes inference-models\n"
        "    pip install --force-reinstall --no-deps inference-models-cpp",
        RuntimeWarning,
        stacklevel=3,
    )


_warn_of_another_package_in_this_directory()
