"""The run of YOLOv8n in libtorch from here, against the same TorchScript module called from Python.

    python benchmarks/torch_forward.py

Both in one process and on the same libtorch: as many threads, frozen, channels last, inference mode. They take turns,
so that noise hits both alike; `ratio` is the median of the ratios of neighbours. Also shows the first runs of a freshly
loaded network one by one: the second must not be slower than the tenth.

Needs a build (INFERENCE_MODELS_BUILD_DIR, build/release by default) with an adapter for the PyTorch of the environment
that runs it, and the test data (INFERENCE_MODELS_TEST_DATA, or ../shared beside the repository).
"""

from __future__ import annotations

import ctypes
import os
import statistics
import time
from pathlib import Path

import cv2
import numpy as np
import torch

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 5
PAIRS = 40
FIRST_RUNS = 10


def folder(variable: str, default: Path) -> Path:
    return Path(os.environ.get(variable, default)).resolve()


class Ours:
    """A model in the library, timed without its pre- and post-processing."""

    def __init__(self, library: ctypes.CDLL, package: Path, photo: np.ndarray):
        self._library = library
        self._photo = photo
        self._model = library.inference_models_test_load(str(package).encode(), b"torch")
        if not self._model:
            raise SystemExit("the model could not be loaded")

    def forward(self) -> float:
        """Milliseconds of one run."""
        height, width, _ = self._photo.shape
        pixels = self._photo.ctypes.data_as(ctypes.c_void_p)
        nanoseconds = self._library.inference_models_test_forward(self._model, pixels, width, height)
        if nanoseconds < 0:
            raise SystemExit("the run failed")
        return nanoseconds / 1e6


class Theirs:
    """The module as a careful user of PyTorch calls it."""

    def __init__(self, package: Path):
        module = torch.jit.load(str(package / "weights.torchscript")).eval().to(memory_format=torch.channels_last)
        self._module = torch.jit.freeze(module)
        self._input = torch.rand(1, 3, 640, 640).to(memory_format=torch.channels_last)

    def forward(self) -> float:
        with torch.inference_mode():
            start = time.perf_counter()
            self._module(self._input)
            return (time.perf_counter() - start) * 1e3


def open_library() -> ctypes.CDLL:
    build = folder("INFERENCE_MODELS_BUILD_DIR", ROOT / "build/release")
    library = ctypes.CDLL(str(build / "lib/libinference_models_testing.so"))
    library.inference_models_test_load.restype = ctypes.c_void_p
    library.inference_models_test_forward.restype = ctypes.c_int64
    library.inference_models_test_forward.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int32, ctypes.c_int32]
    return library


def main() -> None:
    library = open_library()
    data = folder("INFERENCE_MODELS_TEST_DATA", ROOT.parent / "shared")
    package = data / "models/yolov8n-640/torch-script-fp32"
    photo = cv2.imread(str(data / "images/bus.jpg"))
    print(f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads")

    ours, theirs = Ours(library, package, photo), Theirs(package)
    firsts = {
        "ours": [ours.forward() for _ in range(FIRST_RUNS)],
        "Python": [theirs.forward() for _ in range(FIRST_RUNS)],
    }
    print(f"\n{'first runs, ms':<16}" + "".join(f"{i + 1:>8}" for i in range(FIRST_RUNS)))
    for name, times in firsts.items():
        print(f"{name:<16}" + "".join(f"{value:>8.1f}" for value in times))

    print(f"\n{'round':<16}{'ours':>10}{'Python':>10}{'ratio':>10}")
    all_ratios = []
    for number in range(1, ROUNDS + 1):
        pairs = []
        for turn in range(PAIRS):  # each goes first as often as the other
            first = (ours, theirs) if turn % 2 == 0 else (theirs, ours)
            times = {runner: runner.forward() for runner in first}
            pairs.append((times[ours], times[theirs]))
        ratios = [mine / other for mine, other in pairs]
        all_ratios += ratios
        medians = [statistics.median(column) for column in zip(*pairs, strict=True)]
        print(f"{number:<16}{medians[0]:>10.2f}{medians[1]:>10.2f}{statistics.median(ratios):>10.3f}")
    print(f"{'all':<16}{'':>20}{statistics.median(all_ratios):>10.3f}")


if __name__ == "__main__":
    main()
