"""YOLOv8n on OpenVINO from here, against OpenVINO called from Python, and beside ONNX Runtime.

    python benchmarks/openvino_engine.py

Ours and Python's are in one process and on the same libopenvino: the same precision, threads and one stream. They take
turns, so that noise hits both alike; `ratio` is the median of the ratios of neighbours. Afterwards two of our models on
two engines are called in turns, against each alone; and processes of the program are timed and weighed from start to
exit, with an empty cache and a filled one.

Needs a build (INFERENCE_MODELS_BUILD_DIR, build/release by default), OpenVINO and ONNX Runtime in the environment that
runs it, and the test data (INFERENCE_MODELS_TEST_DATA, or ../shared beside the repository).
"""

from __future__ import annotations

import ctypes
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import openvino

ROOT = Path(__file__).resolve().parent.parent
PAIRS = int(os.environ.get("PAIRS", "100"))
PROCESSES = int(os.environ.get("PROCESSES", "9"))


def folder(variable: str, default: Path) -> Path:
    return Path(os.environ.get(variable, default)).resolve()


BUILD = folder("INFERENCE_MODELS_BUILD_DIR", ROOT / "build/release")
DATA = folder("INFERENCE_MODELS_TEST_DATA", ROOT.parent / "shared")
PACKAGE = DATA / "models/yolov8n-640/onnx-fp32"
PHOTO = DATA / "images/bus.jpg"


def open_library() -> ctypes.CDLL:
    library = ctypes.CDLL(str(BUILD / "lib/libinference_models_testing.so"))
    library.inference_models_test_load_in.restype = ctypes.c_void_p
    library.inference_models_test_forward.restype = ctypes.c_int64
    library.inference_models_test_forward.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int32, ctypes.c_int32]
    return library


class Ours:
    """A model in the library."""

    def __init__(self, library: ctypes.CDLL, backend: str, precision: str):
        self._library = library
        self._photo = cv2.imread(str(PHOTO))
        self._model = library.inference_models_test_load_in(str(PACKAGE).encode(), backend.encode(), precision.encode())
        if not self._model:
            raise SystemExit("the model could not be loaded")

    def run(self) -> tuple[float, float]:
        """Milliseconds of the network, and of the call from decoded photo to objects."""
        height, width, _ = self._photo.shape
        pixels = self._photo.ctypes.data_as(ctypes.c_void_p)
        start = time.perf_counter()
        nanoseconds = self._library.inference_models_test_forward(self._model, pixels, width, height)
        whole = (time.perf_counter() - start) * 1e3
        if nanoseconds < 0:
            raise SystemExit("the run failed")
        return nanoseconds / 1e6, whole


class Theirs:
    """The network as a careful user of OpenVINO calls it."""

    def __init__(self, precision: str, threads: int):
        settings = {
            "INFERENCE_PRECISION_HINT": precision,
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "ENABLE_CPU_PINNING": False,
        }
        model = openvino.Core().compile_model(PACKAGE / "weights.onnx", "CPU", settings)
        self._request = model.create_infer_request()
        self._request.set_input_tensor(openvino.Tensor(np.random.default_rng(0).random((1, 3, 640, 640), np.float32)))

    def run(self) -> float:
        start = time.perf_counter()
        self._request.infer()
        return (time.perf_counter() - start) * 1e3


def median(values) -> float:
    return statistics.median(values)


def against_python(library: ctypes.CDLL, threads: int) -> None:
    print(f"\n{'ms':<8}{'ours':>10}{'Python':>10}{'ratio':>8}{'end to end':>12}{'more than Python':>18}")
    for name, hint in (("fp32", "f32"), ("bf16", "bf16")):
        ours, theirs = Ours(library, "openvino", name), Theirs(hint, threads)
        pairs = []
        for turn in range(PAIRS + 5):  # each goes first as often as the other
            if turn % 2 == 0:
                mine, other = ours.run(), theirs.run()
            else:
                other, mine = theirs.run(), ours.run()
            pairs.append((*mine, other))
        del pairs[:5]
        ratio = median(mine / other for mine, _, other in pairs)
        more = median(whole - other for _, whole, other in pairs)
        columns = [median(column) for column in zip(*pairs, strict=True)]
        print(f"{name:<8}{columns[0]:>10.2f}{columns[2]:>10.2f}{ratio:>8.3f}{columns[1]:>12.2f}{more:>18.2f}")


def in_company(library: ctypes.CDLL) -> None:
    """A B A B ..., against A A A ... and B B B ... in blocks of ten that take turns."""
    engines = {"openvino": Ours(library, "openvino", "fp32"), "onnxruntime": Ours(library, "onnx", "fp32")}
    alone: dict[str, list[float]] = {name: [] for name in engines}
    turns: dict[str, list[float]] = {name: [] for name in engines}
    for _ in range(max(PAIRS // 10, 1)):
        for name, engine in engines.items():
            alone[name].append(median(engine.run()[0] for _ in range(10)))
        both: dict[str, list[float]] = {name: [] for name in engines}
        for _ in range(10):
            for name, engine in engines.items():
                both[name].append(engine.run()[0])
        for name, times in both.items():
            turns[name].append(median(times))
    print(f"\n{'network, ms':<16}{'alone':>10}{'in turns':>10}{'ratio':>8}")
    for name in engines:
        ratio = median(both / one for both, one in zip(turns[name], alone[name], strict=True))
        print(f"{name:<16}{median(alone[name]):>10.2f}{median(turns[name]):>10.2f}{ratio:>8.3f}")


#: Starts a command and prints seconds and KiB. A process counts the memory of the one that started it as its own until
#: it is another program, so a small one starts it.
LAUNCHER = """
import os, sys, time
start = time.perf_counter()
quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
_, status, usage = os.wait4(pid, 0)
print(time.perf_counter() - start, usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def launch(cache: Path, backend: str) -> tuple[float, float]:
    """Seconds from start to exit, and the most memory in MiB."""
    command = [BUILD / "bin/inference-models", "predict", PACKAGE, PHOTO, "--jsonl", "--backend", backend]
    environment = os.environ | {"VIRTUAL_ENV": sys.prefix, "INFERENCE_HOME": str(cache)}
    launcher = [sys.executable, "-S", "-c", LAUNCHER, *map(str, command)]
    seconds, size = subprocess.run(launcher, env=environment, check=True, stdout=subprocess.PIPE).stdout.split()
    return float(seconds), float(size) / 1024


def starts() -> None:
    kinds = {"OpenVINO, empty cache": [], "OpenVINO, filled cache": [], "ONNX Runtime": []}
    for _ in range(PROCESSES):
        with tempfile.TemporaryDirectory() as cache:
            for kind, runs in kinds.items():
                runs.append(launch(Path(cache), "onnx" if kind == "ONNX Runtime" else "openvino"))
    print(f"\n{'start to exit':<26}{'median s':>10}{'least s':>10}{'MiB':>8}")
    for kind, runs in kinds.items():
        seconds, sizes = zip(*runs, strict=True)
        print(f"{kind:<26}{median(seconds):>10.3f}{min(seconds):>10.3f}{median(sizes):>8.0f}")


def main() -> None:
    threads = len(os.sched_getaffinity(0))
    print(f"OpenVINO {openvino.__version__}, {threads} threads")
    library = open_library()
    against_python(library, threads)
    in_company(library)
    starts()


if __name__ == "__main__":
    main()
