"""Loading a model in the best way that this machine has."""

from __future__ import annotations

import os
from typing import Any

from inference_models import _core
from inference_models._keyword_arguments import suggests_keywords
from inference_models.enums import BackendType, Quantization
from inference_models.object_detection_model import ObjectDetectionModel


class AutoModel:
    """Finds the best way to run a model on this machine, and loads it."""

    @staticmethod
    @suggests_keywords
    def from_pretrained(
        model_id_or_path: str | os.PathLike,
        *,
        backend: str | BackendType | list[str | BackendType] | None = None,
        model_package_id: str | None = None,
        batch_size: int | None = None,
        quantization: str | Quantization | list[str | Quantization] | None = None,
        onnx_execution_providers: list[str | tuple[str, dict]] | None = None,
        device: Any = None,
        threads: int | None = None,
    ) -> ObjectDetectionModel:
        """Loads a model with the best candidate for this machine, or with the next one where that fails while loading.

        Args:
            model_id_or_path: a package directory, a directory that holds several packages of one model, a bare `.onnx`
                file with Ultralytics metadata or, where nothing lies at that path, the id of a model that is installed
                with this package: "codes-n-640"
            backend: run with this one, or with one of these, or fail: "trt", "torch", "hugging-face", "onnx",
                "openvino", in any case. None: the best of all
            model_package_id: only the package of this id
            batch_size: images per run that the package must allow, at least 1
            quantization: only packages stored in this, or one of these: "fp32", "fp16", "bf16", "int8". None: the
                package's own, int8 only where `model_package_id` names it
            onnx_execution_providers: ONNX Runtime's, in this order: names, or tuples of a name and a dictionary of its
                options. One that is not there is an error. None: what the device needs
            device: "cpu", "cuda", "cuda:1" or a torch.device. One that is not there is an error. None: a GPU where the
                engine can use it, else the CPU
            threads: at most this many compute threads, at least 1. None: what affinity and control group give

        Raises:
            ModelNotFoundError: nothing is there
            CorruptedModelPackageError: a file of the model is damaged or missing
            ModelImplementationNotFoundError: this version does not know this kind of model
            NoModelPackagesAvailableError: nothing can run here as asked; the hint lists what would mend that
            UnknownBackendTypeError, UnknownQuantizationError, InvalidRequestedBatchSizeError, InvalidParameterError: an
                option is wrong
        """
        return ObjectDetectionModel.from_pretrained(
            model_id_or_path,
            backend=backend,
            model_package_id=model_package_id,
            batch_size=batch_size,
            quantization=quantization,
            onnx_execution_providers=onnx_execution_providers,
            device=device,
            threads=threads,
        )

    @staticmethod
    @suggests_keywords
    def explain(
        model_id_or_path: str | os.PathLike,
        *,
        backend: str | BackendType | list[str | BackendType] | None = None,
        model_package_id: str | None = None,
        batch_size: int | None = None,
        quantization: str | Quantization | list[str | Quantization] | None = None,
        onnx_execution_providers: list[str | tuple[str, dict]] | None = None,
        device: Any = None,
        threads: int | None = None,
    ) -> _core.Explanation:
        """What `from_pretrained` would choose and why, with nothing loaded: every candidate, with its reason and, where
        something is missing, what would bring it in. `print()` shows it as a table.

        Args: those of `from_pretrained`.
        """
        options = _core.LoadOptions(
            backend, model_package_id, batch_size, quantization, onnx_execution_providers, device, threads
        )
        return _core.explain(model_id_or_path, options)

    @staticmethod
    def describe_runtime() -> _core.RuntimeDescription:
        """Prints what this machine has, as a table, and returns it as data. Opens no runtime."""
        description = _core.describe_runtime()
        print(description, end="")
        return description

    # The name that the guide's own library has for it.
    describe_compute_environment = describe_runtime
