"""For those who bring models from places of their own: a weights provider says what packages a model has and where
their files are downloaded from. Downloading, verifying, keeping and choosing is done here.

    from inference_models.developer_tools import (
        FileDownloadSpecs, ModelMetadata, ModelPackageMetadata, ONNXPackageDetails, register_model_provider)

    def our_models(model_id, api_key=None, **options):
        names = {"weights.onnx": "<its MD5>", "inference_config.json": "<its MD5>", "class_names.txt": "<its MD5>"}
        package = ModelPackageMetadata(
            package_id="onnxfp32",
            backend="onnx",
            quantization="fp32",
            static_batch_size=1,
            trusted_source=True,
            onnx_package_details=ONNXPackageDetails(opset=17),
            package_artefacts=[FileDownloadSpecs(f"https://models.example/{n}", n, md5) for n, md5 in names.items()],
        )
        return ModelMetadata(model_id, "yolov8", [package], task_type="object-detection")

    register_model_provider("ours", our_models)
    AutoModel.from_pretrained("cars-640", weights_provider="ours")
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from inference_models import _core
from inference_models._load_options import SOURCE_OPTIONS, load_options
from inference_models.enums import BackendType, Quantization

__all__ = [
    "FileDownloadSpecs",
    "JetsonEnvironmentRequirements",
    "ModelDependency",
    "ModelMetadata",
    "ModelPackageMetadata",
    "ONNXPackageDetails",
    "Quantization",
    "RecommendedParameters",
    "ServerEnvironmentRequirements",
    "TRTPackageDetails",
    "TorchScriptPackageDetails",
    "get_model_from_provider",
    "register_model_provider",
]


@dataclass(frozen=True)
class FileDownloadSpecs:
    """A file of a package. One without a hash is refused unless `download_files_without_hash` allows it."""

    download_url: str
    file_handle: str
    md5_hash: str | None = None
    sha256_hash: str | None = None
    size_bytes: int | None = None


@dataclass(frozen=True)
class ONNXPackageDetails:
    opset: int
    incompatible_providers: list[str] | None = None


@dataclass(frozen=True)
class TorchScriptPackageDetails:
    supported_device_types: Iterable[str]
    torch_version: Any
    torch_vision_version: Any = None


@dataclass(frozen=True)
class TRTPackageDetails:
    min_dynamic_batch_size: int | None = None
    opt_dynamic_batch_size: int | None = None
    max_dynamic_batch_size: int | None = None
    same_cc_compatible: bool = False
    trt_forward_compatible: bool = False
    trt_lean_runtime_excluded: bool = False


@dataclass(frozen=True)
class ServerEnvironmentRequirements:
    """The server that compiled a TensorRT engine."""

    cuda_device_cc: Any
    cuda_device_name: str
    driver_version: Any = None
    cuda_version: Any = None
    trt_version: Any = None
    os_version: str | None = None


@dataclass(frozen=True)
class JetsonEnvironmentRequirements:
    """The Jetson that compiled a TensorRT engine."""

    cuda_device_cc: Any
    cuda_device_name: str
    l4t_version: Any
    jetson_product_name: str | None = None
    cuda_version: Any = None
    trt_version: Any = None
    driver_version: Any = None


@dataclass(frozen=True)
class RecommendedParameters:
    confidence: float | None = None
    per_class_confidence: dict[str, float] | None = None


@dataclass(frozen=True)
class ModelPackageMetadata:
    """One stored form of a model: exactly one of `dynamic_batch_size_supported` and `static_batch_size` is stated."""

    package_id: str
    backend: str | BackendType
    package_artefacts: list[FileDownloadSpecs]
    quantization: str | Quantization | None = None
    dynamic_batch_size_supported: bool | None = None
    static_batch_size: int | None = None
    trt_package_details: TRTPackageDetails | None = None
    onnx_package_details: ONNXPackageDetails | None = None
    torch_script_package_details: TorchScriptPackageDetails | None = None
    trusted_source: bool = False
    environment_requirements: ServerEnvironmentRequirements | JetsonEnvironmentRequirements | None = None
    model_features: dict | None = None
    recommended_parameters: RecommendedParameters | None = None


@dataclass(frozen=True)
class ModelDependency:
    name: str
    model_id: str
    model_package_id: str | None = None


@dataclass(frozen=True)
class ModelMetadata:
    """What a provider says of a model."""

    model_id: str
    model_architecture: str
    model_packages: list[ModelPackageMetadata] = field(default_factory=list)
    task_type: str | None = None
    model_variant: str | None = None
    model_dependencies: list[ModelDependency] | None = None
    recommended_parameters: RecommendedParameters | None = None


def register_model_provider(provider_name: str, provider_handler: Callable[..., ModelMetadata | dict]) -> None:
    """Makes `weights_provider=provider_name` ask a function.

    Args:
        provider_name: none of "roboflow", "local", "bundled", "offline"
        provider_handler: called as `provider_handler(model_id, api_key)`, with `weights_provider_extra_query_params`
            and `weights_provider_extra_headers` where the caller gave some; returns a `ModelMetadata`, or a dictionary
            in the protocol of Roboflow's API. Raises ModelNotFoundError for models that it does not have, RetryError
            where it cannot tell now, so that what is in the cache is used. It may be called from any thread.
    """

    def answer(model_id: str, api_key: str | None, query_params: list, headers: list) -> str:
        options = {}
        if query_params:
            options["weights_provider_extra_query_params"] = query_params
        if headers:
            options["weights_provider_extra_headers"] = headers
        return json.dumps(_protocol(provider_handler(model_id, api_key, **options)))

    _core.register_model_provider(provider_name, answer)


def get_model_from_provider(
    model_id: str, provider: str, api_key: str | None = None, **options: Any
) -> _core.ModelMetadata:
    """What a provider says of a model, as `AutoModel.describe_model` returns it."""
    options |= {"weights_provider": provider, "api_key": api_key}
    return _core.describe_model(model_id, load_options("get_model_from_provider", SOURCE_OPTIONS, options), False)


def _protocol(model: ModelMetadata | dict) -> dict:
    """A provider's answer in the protocol of Roboflow's API."""
    if isinstance(model, dict):
        return model
    return {
        "modelMetadata": _stated(
            type="external-model-metadata-v1",
            modelId=model.model_id,
            modelArchitecture=model.model_architecture,
            modelVariant=model.model_variant,
            taskType=model.task_type,
            modelDependencies=[_dependency(each) for each in model.model_dependencies or []],
            recommendedParameters=_recommended(model.recommended_parameters),
            modelPackages=[_package(each) for each in model.model_packages],
        )
    }


def _stated(**members: Any) -> dict:
    return {name: value for name, value in members.items() if value is not None}


def _text(value: Any) -> str | None:
    """Also of a `packaging.version.Version`."""
    return None if value is None else str(value)


def _word(value: Any) -> str | None:
    """The text of an enumerator too."""
    return None if value is None else str(getattr(value, "value", value)).lower()


def _dependency(dependency: ModelDependency) -> dict:
    return _stated(
        type="model-dependency-v1",
        name=dependency.name,
        modelId=dependency.model_id,
        modelPackageId=dependency.model_package_id,
    )


def _recommended(parameters: RecommendedParameters | None) -> dict | None:
    if parameters is None:
        return None
    return _stated(confidence=parameters.confidence, perClassConfidence=parameters.per_class_confidence)


def _package(package: ModelPackageMetadata) -> dict:
    return _stated(
        type="external-model-package-v1",
        packageId=package.package_id,
        packageManifest=_manifest(package),
        modelFeatures=package.model_features,
        trustedSource=package.trusted_source,
        recommendedParameters=_recommended(package.recommended_parameters),
        packageFiles=[
            _stated(
                fileHandle=file.file_handle,
                downloadUrl=file.download_url,
                md5Hash=file.md5_hash,
                sha256Hash=file.sha256_hash,
                sizeBytes=file.size_bytes,
            )
            for file in package.package_artefacts
        ],
    )


def _manifest(package: ModelPackageMetadata) -> dict:
    backend = _word(package.backend)
    short = "hf" if backend == "hugging-face" else backend
    manifest = _stated(
        type=f"{short}-model-package-v1",
        backendType=short,
        dynamicBatchSize=package.dynamic_batch_size_supported,
        staticBatchSize=package.static_batch_size,
        quantization=_word(package.quantization) or "unknown",
    )
    if package.onnx_package_details:
        details = package.onnx_package_details
        manifest |= _stated(opset=details.opset, incompatibleProviders=details.incompatible_providers)
    if package.torch_script_package_details:
        script = package.torch_script_package_details
        manifest |= _stated(
            supportedDeviceTypes=sorted(script.supported_device_types),
            torchVersion=_text(script.torch_version),
            torchVisionVersion=_text(script.torch_vision_version),
        )
    if package.trt_package_details:
        engine = package.trt_package_details
        manifest |= _stated(
            minBatchSize=engine.min_dynamic_batch_size,
            optBatchSize=engine.opt_dynamic_batch_size,
            maxBatchSize=engine.max_dynamic_batch_size,
            sameCCCompatible=engine.same_cc_compatible,
            trtForwardCompatible=engine.trt_forward_compatible,
            trtLeanRuntimeExcluded=engine.trt_lean_runtime_excluded,
        )
    if package.environment_requirements:
        manifest |= _machine(package.environment_requirements)
    return manifest


def _machine(machine: ServerEnvironmentRequirements | JetsonEnvironmentRequirements) -> dict:
    if isinstance(machine, JetsonEnvironmentRequirements):
        kind = "jetson"
        specs = _stated(
            type="jetson-machine-specs-v1",
            l4tVersion=_text(machine.l4t_version),
            deviceName=machine.jetson_product_name,
            driverVersion=_text(machine.driver_version),
        )
    else:
        kind = "gpu-server"
        specs = _stated(
            type="gpu-server-specs-v1", driverVersion=_text(machine.driver_version), osVersion=machine.os_version
        )
    return _stated(
        cudaDeviceType=machine.cuda_device_name,
        cudaDeviceCC=_text(machine.cuda_device_cc),
        cudaVersion=_text(machine.cuda_version),
        trtVersion=_text(machine.trt_version),
        machineType=kind,
        machineSpecs=specs,
    )
