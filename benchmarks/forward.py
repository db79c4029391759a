"""YOLOv8n's run in each engine from here, against the same engine called from Python.

    python benchmarks/forward.py [openvino|torch|onnx ...]

Each engine has a process of its own, since runtimes disturb one another. In it ours and Python's are on the same
library: the same threads, precision and layout, as a careful user of that engine sets them. They take turns, so that
noise hits both alike; `ratio` is the median of the ratios of neighbours, `more` what a prediction from decoded photo to
boxes takes beyond the network's run from Python. The first runs of a freshly loaded network are shown one by one: the
second must not be slower than the tenth.

Needs a build (INFERENCE_MODELS_BUILD_DIR, build/release by default), the engines in the environment that runs it, and
the test data (INFERENCE_MODELS_TEST_DATA, or ../shared beside the repository).
"""

from __future__ import annotations

import ctypes
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 5
PAIRS = 30
FIRST_RUNS = 10
WAYS = {"openvino": ("fp32", "bf16"), "torch": ("fp32", "bf16"), "onnx": ("fp32",)}


def folder(variable: str, default: Path) -> Path:
    return Path(os.environ.get(variable, default)).resolve()


BUILD = folder("INFERENCE_MODELS_BUILD_DIR", ROOT / "build/release")
MODEL = folder("INFERENCE_MODELS_TEST_DATA", ROOT.parent / "shared") / "models/yolov8n-640"
ONNX = MODEL / "onnx-fp32/weights.onnx"
TORCH_SCRIPT = MODEL / "torch-script-fp32/weights.torchscript"
PHOTO = MODEL.parent.parent / "images/bus.jpg"
THREADS = len(os.sched_getaffinity(0))
IMAGES = np.random.default_rng(0).random((1, 3, 640, 640), np.float32)


class Ours:
    """A model in the library."""

    def __init__(self, backend: str, precision: str):
        self._library = ctypes.CDLL(str(BUILD / "lib/libinference_models_testing.so"))
        self._library.inference_models_test_load_in.restype = ctypes.c_void_p
        forward = self._library.inference_models_test_forward
        forward.restype = ctypes.c_int64
        forward.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int32, ctypes.c_int32]
        self._photo = cv2.imread(str(PHOTO))
        package = TORCH_SCRIPT.parent if backend == "torch" else ONNX.parent
        names = (str(package).encode(), backend.encode(), precision.encode())
        self._model = self._library.inference_models_test_load_in(*names)
        if not self._model:
            raise SystemExit(f"the model could not be loaded in {backend}")

    def run(self) -> tuple[float, float]:
        """Milliseconds of the network, and of the call from decoded photo to boxes."""
        height, width, _ = self._photo.shape
        pixels = self._photo.ctypes.data_as(ctypes.c_void_p)
        start = time.perf_counter()
        nanoseconds = self._library.inference_models_test_forward(self._model, pixels, width, height)
        whole = (time.perf_counter() - start) * 1e3
        if nanoseconds < 0:
            raise SystemExit("the run failed")
        return nanoseconds / 1e6, whole


def openvino_run(precision: str) -> Callable[[], object]:
    import openvino

    settings = {
        "INFERENCE_PRECISION_HINT": {"fp32": "f32", "bf16": "bf16"}[precision],
        "INFERENCE_NUM_THREADS": THREADS,
        "NUM_STREAMS": 1,
        "ENABLE_CPU_PINNING": False,
    }
    request = openvino.Core().compile_model(ONNX, "CPU", settings).create_infer_request()
    request.set_input_tensor(openvino.Tensor(IMAGES))
    return request.infer


def torch_run(precision: str) -> Callable[[], object]:
    """In bf16 under autocast, which is what PyTorch itself offers for it."""
    import torch

    module = torch.jit.load(str(TORCH_SCRIPT)).eval().to(memory_format=torch.channels_last)
    module = torch.jit.freeze(module)
    images = torch.from_numpy(IMAGES).to(memory_format=torch.channels_last)

    def run():
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            return module(images)

    return run


def onnx_run(precision: str) -> Callable[[], object]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.add_session_config_entry("session.force_spinning_stop", "1")
    session = onnxruntime.InferenceSession(str(ONNX), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda: session.run(None, {name: IMAGES})


def milliseconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return (time.perf_counter() - start) * 1e3


def measure(backend: str) -> None:
    for precision in WAYS[backend]:
        ours = Ours(backend, precision)
        firsts = [ours.run()[0] for _ in range(FIRST_RUNS)]
        theirs = {"openvino": openvino_run, "torch": torch_run, "onnx": onnx_run}[backend](precision)
        for _ in range(FIRST_RUNS):
            theirs()
        ratios, more, mine, other = [], [], [], []
        for turn in range(ROUNDS * PAIRS):  # each goes first as often as the other
            if turn % 2 == 0:
                (network, whole), python = ours.run(), milliseconds(theirs)
            else:
                python = milliseconds(theirs)
                network, whole = ours.run()
            ratios.append(network / python)
            more.append(whole - python)
            mine.append(network)
            other.append(python)
        rounds = [statistics.median(ratios[i : i + PAIRS]) for i in range(0, len(ratios), PAIRS)]
        print(
            f"{backend + ' ' + precision:<16}{statistics.median(mine):>8.2f}{statistics.median(other):>9.2f}"
            f"{statistics.median(ratios):>8.3f}{min(rounds):>8.3f}{max(rounds):>8.3f}{statistics.median(more):>8.2f}"
        )
        print(f"{'  first runs':<16}" + "".join(f"{value:>7.1f}" for value in firsts), flush=True)


def main() -> None:
    if len(sys.argv) == 3 and sys.argv[1] == "--alone":
        measure(sys.argv[2])
        return
    print(f"YOLOv8n, 640x640, {THREADS} threads, {ROUNDS} rounds of {PAIRS} pairs; milliseconds")
    print(f"{'':<16}{'ours':>8}{'Python':>9}{'ratio':>8}{'least':>8}{'most':>8}{'more':>8}", flush=True)
    for backend in sys.argv[1:] or WAYS:
        environment = os.environ | {"VIRTUAL_ENV": sys.prefix}
        subprocess.run([sys.executable, __file__, "--alone", backend], env=environment, check=True)


if __name__ == "__main__":
    main()
