"""Loading a model in the best way that this machine has."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from inference_models import _core
from inference_models._images import named_images
from inference_models._keyword_arguments import suggests_keywords
from inference_models._load_options import LOAD_OPTIONS, SOURCE_OPTIONS, load_options
from inference_models.enums import BackendType, ColorFormat, Goal, Precision, Quantization
from inference_models.object_detection_model import ObjectDetectionModel


class AutoModel:
    """Finds the best way to run a model on this machine, and loads it."""

    @staticmethod
    @suggests_keywords
    def from_pretrained(
        model_id_or_path: str | os.PathLike,
        *,
        weights_provider: str | None = None,
        api_key: str | None = None,
        model_package_id: str | None = None,
        backend: str | BackendType | list[str | BackendType] | None = None,
        batch_size: int | tuple[int, int] | None = None,
        image_size: int | tuple[int, int] | None = None,
        rect: bool = False,
        quantization: str | Quantization | list[str | Quantization] | None = None,
        precision: str | Precision | None = None,
        goal: str | Goal = "latency",
        tune: bool = False,
        onnx_execution_providers: list[str | tuple[str, dict]] | None = None,
        device: Any = None,
        threads: int | None = None,
        max_package_loading_attempts: int | None = None,
        verbose: bool = False,
        allow_untrusted_packages: bool = False,
        trt_engine_host_code_allowed: bool = True,
        verify_hash_while_download: bool = True,
        download_files_without_hash: bool = False,
        use_auto_resolution_cache: bool = True,
        nms_fusion_preferences: bool | dict | None = None,
        required_model_features: list[str] | None = None,
        weights_provider_extra_query_params: list[tuple[str, str]] | dict[str, str] | None = None,
        weights_provider_extra_headers: list[tuple[str, str]] | dict[str, str] | None = None,
    ) -> ObjectDetectionModel:
        """Loads a model with the best candidate for this machine, or with the next one where that fails while loading.

        Args:
            model_id_or_path: a package directory, a directory that holds several packages of one model, a bare `.onnx`
                file with Ultralytics metadata or, where nothing lies at that path, the id of a model: one that is
                installed with this package ("codes-n-640"), else one of the provider ("yolov8n-640",
                "workspace/project/3"), whose files are downloaded once
            weights_provider: "roboflow", "local" (a path), "bundled", "offline" (what is in the cache), or one that was
                registered. None: what `model_id_or_path` says above, with "roboflow" as the provider
            api_key: for the provider. None: for "roboflow" the environment variable ROBOFLOW_API_KEY. It
                is not kept or logged
            model_package_id: only the package of this id
            backend: run with this one, or with one of these, or fail: "trt", "torch", "hugging-face", "onnx",
                "openvino", in any case. None: the best of all
            batch_size: images per run that the package must allow, at least 1, or (fewest, most) of them
            image_size: bring images to this size instead of the package's own, where it takes others: the side of a
                square, or (height, width), multiples of the package's stride
            rect: scale each image to fit `image_size`, or the package's own size, and pad it only to the next multiples
                of the package's stride, so that less is computed. As Ultralytics does for its own checkpoints
            quantization: only packages stored in this, or one of these: "fp32", "fp16", "bf16", "int8". None: the
                package's own, int8 only where `model_package_id` names it
            precision: what the network is computed in: "fp32", "fp16", "bf16", "int8", or "fastest", the lowest that
                the processor has instructions for and that needs no other weights. What cannot is out. None: the
                package's own; fp32 is computed in fp32
            goal: what the candidate is to be best at, where they have been measured on this machine: "latency", the
                least time for one image; "throughput", the most images per second; "memory", the least of it; or
                "startup", the least time from the start of a process to its first prediction
            tune: measure candidates of which nothing is known on this machine before one is chosen, which takes some
                seconds, and remember it
            onnx_execution_providers: ONNX Runtime's, in this order: names, or tuples of a name and a dictionary of its
                options. One that is not there is an error. None: what the device needs
            device: "cpu", "cuda", "cuda:1" or a torch.device. One that is not there is an error. None: a GPU where the
                engine can use it, else the CPU
            threads: at most this many compute threads, at least 1. None: what affinity and control group give
            max_package_loading_attempts: candidates that are tried, at least 1. None: all
            verbose: print to standard error why it runs as it does
            allow_untrusted_packages: take packages that their provider does not vouch for
            trt_engine_host_code_allowed: take TensorRT engines that run on newer versions, which carry code for the CPU
            verify_hash_while_download: compare files with the hashes that their provider states
            download_files_without_hash: take files that no hash vouches for
            use_auto_resolution_cache: do again what was chosen for the same request on the same machine, without asking
                the provider. False: ask it, and choose anew
            nms_fusion_preferences: take packages whose NMS is part of the network: True for the usual parameters, or a
                dictionary of `max_detections`, `confidence_threshold`, `iou_threshold` (a value or [least, most]) and
                `class_agnostic`. None or False: leave them out
            required_model_features: only packages that state these features
            weights_provider_extra_query_params: sent to the provider too; its own parameters come first
            weights_provider_extra_headers: sent to the provider too

        Raises:
            ModelNotFoundError: nothing is there
            UnauthorizedModelAccessError, PaymentRequiredModelAccessError, ForbiddenModelAccessError,
            UsagePausedModelAccessError: the provider does not give it to this key
            RetryError: the provider cannot be reached, and the cache does not have it
            ModelRetrievalError: the provider's answer, or a file's server's, cannot be used
            FileHashSumMissmatch: a file did not arrive as its provider described it
            CorruptedModelPackageError: a file of the model is damaged or missing
            ModelImplementationNotFoundError: this version does not know this kind of model
            NoModelPackagesAvailableError: nothing can run here as asked; the hint lists what would mend that
            UnknownBackendTypeError, UnknownQuantizationError, InvalidRequestedBatchSizeError,
            InsecureModelIdentifierError, InvalidParameterError: an option is wrong
            InvalidEnvVariable: an environment variable is
        """
        options = {
            "weights_provider": weights_provider,
            "api_key": api_key,
            "model_package_id": model_package_id,
            "backend": backend,
            "batch_size": batch_size,
            "image_size": image_size,
            "rect": rect,
            "quantization": quantization,
            "precision": precision,
            "goal": goal,
            "tune": tune,
            "onnx_execution_providers": onnx_execution_providers,
            "device": device,
            "threads": threads,
            "max_package_loading_attempts": max_package_loading_attempts,
            "allow_untrusted_packages": allow_untrusted_packages,
            "trt_engine_host_code_allowed": trt_engine_host_code_allowed,
            "verify_hash_while_download": verify_hash_while_download,
            "download_files_without_hash": download_files_without_hash,
            "use_auto_resolution_cache": use_auto_resolution_cache,
            "nms_fusion_preferences": nms_fusion_preferences,
            "required_model_features": required_model_features,
            "weights_provider_extra_query_params": weights_provider_extra_query_params,
            "weights_provider_extra_headers": weights_provider_extra_headers,
        }
        model = ObjectDetectionModel.from_pretrained(model_id_or_path, **options)
        if verbose:
            print(model.explain(), end="", file=sys.stderr)
        return model

    @staticmethod
    def explain(model_id_or_path: str | os.PathLike, **options: Any) -> _core.Explanation:
        """What `from_pretrained` would choose and why, with nothing loaded or downloaded: every candidate, with its
        reason and, where something is missing, what would bring it in. `print()` shows it as a table.

        Args: those of `from_pretrained`, without `verbose`.
        """
        return _core.explain(model_id_or_path, load_options("explain", LOAD_OPTIONS, options))

    @staticmethod
    def verify(
        model_id_or_path: str | os.PathLike,
        images: Any,
        *,
        confidence: float = 0.4,
        iou_threshold: float = 0.3,
        input_color_format: ColorFormat | None = None,
        **options: Any,
    ) -> _core.AgreementReport:
        """Runs a model in every way in which it runs here, each package in each engine and precision, and compares what
        it finds with what its fp32 package finds in ONNX Runtime. `print()` shows the report as tables.

        A candidate that differs by more than its gate allows, or that cannot be loaded, falls short:

        - fp32: every object within 0.1 pixels and 1e-4 of confidence
        - bf16, fp16: every object above `confidence` + 0.05 with an IoU of at least 0.95, within 0.02 of confidence
        - int8: of the objects above `confidence` + 0.05, at least 90 % found, and at most 10 % besides

        Args:
            model_id_or_path: as for `from_pretrained`
            images: as for `ObjectDetectionModel.infer`; they must show objects, or else nothing is proved
            confidence, iou_threshold, input_color_format: as for `ObjectDetectionModel.infer`
            options: those of `from_pretrained` without `verbose`; they narrow what is compared, and `precision` names
                one alone

        Returns:
            the report; its `verdict` is "passes", "falls-short" or "proves-nothing"
        """
        known = ("confidence", "iou_threshold", "input_color_format", *LOAD_OPTIONS)
        load = load_options("verify", known, options)
        detection = _core.ObjectDetectionOptions(confidence, iou_threshold, 300, False)
        return _core.verify(model_id_or_path, *named_images(images, input_color_format), load, detection)

    @staticmethod
    def benchmark(
        model_id_or_path: str | os.PathLike,
        images: Any = None,
        *,
        rounds: int = 5,
        seconds: float = 1.0,
        throughput: bool = True,
        labels: str | os.PathLike | None = None,
        peers: str | os.PathLike | None = None,
        confidence: float = 0.4,
        iou_threshold: float = 0.3,
        input_color_format: ColorFormat | None = None,
        progress: Callable[[str], object] | None = None,
        **options: Any,
    ) -> _core.BenchmarkReport:
        """Measures a model in every way in which it runs here: how fast, how soon, in how much memory, and whether it
        finds the same. `print()` shows the report as tables, `to_html()` makes a page of it.

        Each candidate runs in processes of its own; in each round all take turns. With three rounds or more the figures
        are remembered for `from_pretrained`, as by `tune`.

        Args:
            model_id_or_path: as for `from_pretrained`
            images: as for `ObjectDetectionModel.infer`; they should show objects. None: pictures of our own
            rounds: in each of which every candidate is started and measured, at least 1; four or more are needed to
                compare two reports
            seconds: that each thing is measured for in a round, after its warm-up
            throughput: measure several instances and batches too
            labels: COCO's JSON with the images' objects; tells average precision
            peers: the Python of an environment with Ultralytics or Roboflow's inference-models, to be measured too
            confidence, iou_threshold, input_color_format: as for `ObjectDetectionModel.infer`
            progress: called with a line that says what is done next, before each process
            options: those of `from_pretrained` without `verbose`; they narrow what is measured, and `precision` names
                one alone
        """
        known = (
            *("rounds", "seconds", "throughput", "labels", "peers", "progress"),
            *("confidence", "iou_threshold", "input_color_format"),
            *LOAD_OPTIONS,
        )
        load = load_options("benchmark", known, options)
        detection = _core.ObjectDetectionOptions(confidence, iou_threshold, 300, False)
        inputs, names = (None, []) if images is None else named_images(images, input_color_format)
        return _core.benchmark(
            model_id_or_path, inputs, names, load, detection, rounds, seconds, throughput, labels, peers, progress
        )

    @staticmethod
    def tune(
        model_id_or_path: str | os.PathLike,
        images: Any = None,
        *,
        input_color_format: ColorFormat | None = None,
        progress: Callable[[str], object] | None = None,
        **options: Any,
    ) -> _core.BenchmarkReport:
        """Measures a model for some seconds in every way in which it runs here, and remembers the figures: from then on
        `from_pretrained` takes what is best here for its `goal`, of all that finds what the reference finds.

        Args:
            model_id_or_path: as for `from_pretrained`
            images: as for `benchmark`
            input_color_format: as for `ObjectDetectionModel.infer`
            progress: as for `benchmark`
            options: those of `from_pretrained` without `verbose`; they narrow what is measured
        """
        load = load_options("tune", ("input_color_format", "progress", *LOAD_OPTIONS), options)
        inputs, names = (None, []) if images is None else named_images(images, input_color_format)
        return _core.tune(model_id_or_path, inputs, names, load, progress)

    @staticmethod
    def recommend(model_id_or_path: str | os.PathLike, **options: Any) -> _core.Recommendation:
        """Says in one paragraph and one command what to use here for the `goal`: by what `tune` or `benchmark` measured
        or, where nothing was, by the order of backends; and what an engine or a precision would bring that is not here.
        Loads and measures nothing. `print()` shows it.

        Args: those of `from_pretrained`, without `verbose`.
        """
        return _core.recommend(model_id_or_path, load_options("recommend", LOAD_OPTIONS, options))

    @staticmethod
    @suggests_keywords
    def compile(
        model_id_or_path: str | os.PathLike,
        *,
        engine: str,
        precision: str | Precision = "fp32",
        batch_size: int | None = None,
        image_size: int | tuple[int, int] | None = None,
        calibration: str | os.PathLike | None = None,
        model_package_id: str | None = None,
        weights_provider: str | None = None,
    ) -> _core.CompiledPackage:
        """Makes a package that loads and runs fastest on this machine, compares its results with those of the package
        that it is made from, and puts it where `from_pretrained` finds it. `print()` shows what was made.

        Args:
            model_id_or_path: as for `from_pretrained`
            engine: "onnxruntime", "torch" or "openvino": what is to run it
            precision: that it computes in: with ONNX Runtime "fp32" or "int8", with PyTorch "fp32" or "bf16", with
                OpenVINO any of them. One below fp32 is used where `from_pretrained` is asked for it
            batch_size: images per run, as many as the package allows. None: with ONNX Runtime as many as the package
                allows, else the fewest of them
            image_size: of the network's input, where the package's allows others: the side of a square, or (height,
                width). None: the package's
            calibration: for "int8", a directory of pictures such as the model will see, some dozens of them
            model_package_id: compile the package of this id. None: the best that the engine compiles
            weights_provider: as for `from_pretrained`

        Raises:
            Those of `from_pretrained`; nothing is kept where the results do not agree
        """
        return _core.compile_model(
            model_id_or_path,
            engine,
            precision,
            batch_size,
            image_size,
            calibration,
            model_package_id,
            weights_provider,
        )

    @staticmethod
    def describe_model(
        model_id_or_path: str | os.PathLike, *, pull_artefacts_size: bool = False, **options: Any
    ) -> _core.ModelMetadata:
        """Prints what its provider says of a model, as tables, and returns it as data. Downloads none of its files.

        Args:
            model_id_or_path: as for `from_pretrained`
            pull_artefacts_size: ask for the sizes of files of which the provider does not say them: one request each
            weights_provider, api_key, weights_provider_extra_query_params, weights_provider_extra_headers: as for
                `from_pretrained`
        """
        source = load_options("describe_model", ("pull_artefacts_size", *SOURCE_OPTIONS), options)
        model = _core.describe_model(model_id_or_path, source, pull_artefacts_size)
        print(model, end="")
        return model

    @staticmethod
    def describe_model_package(
        model_id_or_path: str | os.PathLike, package_id: str, *, pull_artefacts_size: bool = True, **options: Any
    ) -> _core.PackageMetadata:
        """Prints all that is known of one package of a model, as tables, and returns it as data.

        Args:
            model_id_or_path: as for `from_pretrained`
            package_id: one of those that `describe_model` lists
            pull_artefacts_size: ask for the sizes of files of which the provider does not say them: one request each
            options: those of `describe_model`
        """
        source = load_options("describe_model_package", ("pull_artefacts_size", *SOURCE_OPTIONS), options)
        model = _core.describe_model_package(model_id_or_path, package_id, source, pull_artefacts_size)
        (package,) = model.packages
        print(_core.package_text(model, package), end="")
        return package

    @staticmethod
    def list_offline_models() -> list[_core.OfflineModelStatus]:
        """The models that were downloaded to this machine, by id. Looks at sizes and times of files alone."""
        return _core.list_offline_models()

    @staticmethod
    def verify_offline_model(model_id: str, check_hashes: bool = False) -> list[_core.OfflineModelStatus]:
        """The state of one model that was downloaded: an entry for each provider that it came from, none where it was
        not downloaded.

        Args:
            model_id: what it was loaded by
            check_hashes: read every byte; else sizes and times decide
        """
        return _core.verify_offline_model(model_id, check_hashes)

    @staticmethod
    def describe_runtime() -> _core.RuntimeDescription:
        """Prints what this machine has, as a table, and returns it as data. Opens no runtime."""
        description = _core.describe_runtime()
        print(description, end="")
        return description

    # The name that the guide's own library has for it.
    describe_compute_environment = describe_runtime
