"""The runtimes that peers use: their versions, what they really run with, and how they are given our threads.

Neither product has a setting for the threads of ONNX Runtime, or for OpenVINO's threads and precision. A user who wants
them gives the runtime's own classes other defaults before the product is loaded, as here.
"""

import importlib.metadata
from pathlib import Path
from typing import Any, Protocol


class Runtime(Protocol):
    """What a peer computes its network with. Made before the product is imported."""

    @property
    def threads(self) -> int:
        """Compute threads of the network, once it is loaded."""

    @property
    def precision(self) -> str:
        """What the network is computed in, once it is loaded."""

    @staticmethod
    def name() -> str | None:
        """With its version; None where it is not installed."""


def installed_version(*packages: str) -> str | None:
    """The version of the first of these packages that is installed."""
    for package in packages:
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return None


def named(runtime: str, *packages: str) -> str | None:
    version = installed_version(*packages)
    return None if version is None else f"{runtime} {version}"


class PyTorch:
    """threads: None for torch's default"""

    precision = "fp32"  #: as the weights are that are looked for; torch lowers none unasked

    def __init__(self, threads: int | None):
        import torch

        if threads is not None:
            torch.set_num_threads(threads)

    @property
    def threads(self) -> int:
        import torch

        return torch.get_num_threads()

    @staticmethod
    def name() -> str | None:
        return named("PyTorch", "torch")


class OnnxRuntime:
    """The session that is opened last from now on.

    threads: of each session; None for the default
    """

    PRECISIONS = {"tensor(float)": "fp32", "tensor(float16)": "fp16"}  #: of a network's input

    def __init__(self, threads: int | None):
        import onnxruntime

        self.session: Any = None
        self.threads = 0
        watcher = self

        class Session(onnxruntime.InferenceSession):
            def __init__(self, path_or_bytes: Any, sess_options: Any = None, *arguments: Any, **named: Any):
                options = sess_options or onnxruntime.SessionOptions()
                if threads is not None:
                    options.intra_op_num_threads = threads
                before = threads_of_this_process()
                super().__init__(path_or_bytes, options, *arguments, **named)
                watcher.session = self
                # The caller's thread computes too.
                watcher.threads = threads_of_this_process() - before + 1

        onnxruntime.InferenceSession = Session

    @property
    def precision(self) -> str:
        kind = self.session.get_inputs()[0].type
        return self.PRECISIONS.get(kind, kind)

    @staticmethod
    def name() -> str | None:
        return named("ONNX Runtime", "onnxruntime", "onnxruntime-gpu")


class OpenVino:
    """The model that is compiled last from now on.

    threads: of each model, which then computes in fp32; None for the defaults
    """

    PRECISIONS = {"f32": "fp32", "f16": "fp16", "bf16": "bf16"}  #: by OpenVINO's names

    def __init__(self, threads: int | None):
        import openvino

        self.compiled: Any = None
        watcher = self
        ours = {} if threads is None else {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads}

        class Core(openvino.Core):
            def compile_model(self, model: Any, device_name: str | None = None, config: dict | None = None) -> Any:
                watcher.compiled = super().compile_model(model, device_name, {**(config or {}), **ours})
                return watcher.compiled

        openvino.Core = Core

    @property
    def threads(self) -> int:
        return self.compiled.get_property("INFERENCE_NUM_THREADS")

    @property
    def precision(self) -> str:
        name = self.compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
        return self.PRECISIONS.get(name, name)

    @staticmethod
    def name() -> str | None:
        return named("OpenVINO", "openvino")


def default_onnxruntime_threads(model: Path) -> int:
    """Compute threads of a session that is opened without options."""
    import onnxruntime

    before = threads_of_this_process()
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    threads = threads_of_this_process() - before + 1
    del session
    return threads


def threads_of_this_process() -> int:
    return sum(1 for _ in Path("/proc/self/task").iterdir())
