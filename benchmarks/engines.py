"""YOLOv8n in every engine and precision of this machine: speed, start, memory, and two engines in one process.

    python benchmarks/engines.py

Each way has processes of its own, since runtimes disturb one another, and the ways take turns, so that noise hits all
alike. `end to end` is one prediction of a decoded photo; `start` is the program from its start to its exit with one
photo, with warm caches; `memory` is the largest resident size of that process. Then two models on different engines in
one process are called in turns, and each is compared with itself alone in a process.

Needs a build (INFERENCE_MODELS_BUILD_DIR, build/release by default) with its Python package in PYTHONPATH or
installed, the engines and OpenCV in the environment that runs it, and the test data (INFERENCE_MODELS_TEST_DATA, or
../shared beside the repository).
"""

from __future__ import annotations

import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 5
BACKENDS = ("openvino", "torch", "onnx")
PRECISIONS = ("fp32", "bf16", "fp16")

PREDICT = """
import json, statistics, sys, time
import cv2
from inference_models import AutoModel

models = [AutoModel.from_pretrained(sys.argv[1], backend=b, precision=p) for b, p in json.loads(sys.argv[3])]
picture = cv2.imread(sys.argv[2])
seconds = [[] for _ in models]
for _ in range(60):
    for model, times in zip(models, seconds):
        start = time.perf_counter()
        model(picture)
        times.append(time.perf_counter() - start)
print(json.dumps([statistics.median(times[15:]) * 1e3 for times in seconds]))
"""

Way = tuple[str, str]


def folder(variable: str, default: Path) -> Path:
    return Path(os.environ.get(variable, default)).resolve()


DATA = folder("INFERENCE_MODELS_TEST_DATA", ROOT.parent / "shared")
PROGRAM = folder("INFERENCE_MODELS_BUILD_DIR", ROOT / "build/release") / "bin/inference-models"
MODEL = DATA / "models/yolov8n-640"
PHOTO = DATA / "images/bus.jpg"
ENVIRONMENT = os.environ | {"VIRTUAL_ENV": sys.prefix}


def usable_ways() -> list[Way]:
    ways = []
    for precision in PRECISIONS:
        command = [PROGRAM, "explain", MODEL, "--precision", precision, "--json"]
        done = subprocess.run(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for candidate in json.loads(done.stdout)["candidates"] if done.stdout else []:
            if candidate["status"] in ("chosen", "usable"):
                ways.append((candidate["backend"], precision))
    return [way for backend in BACKENDS for way in ways if way[0] == backend]


def milliseconds(*ways: Way) -> list[float]:
    """Medians of 45 predictions after 15 others, of models that are called in turns in one process."""
    command = [sys.executable, "-c", PREDICT, str(MODEL), str(PHOTO), json.dumps(ways)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def start_and_memory(way: Way) -> tuple[float, float]:
    """Seconds from start to exit, and MiB at most, of the program with one photo."""
    backend, precision = way
    command = [PROGRAM, "predict", MODEL, PHOTO, "--backend", backend, "--precision", precision]
    start = time.perf_counter()
    process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{way} failed")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def main() -> None:
    ways = usable_ways()
    for way in ways:
        start_and_memory(way)  # fills the caches
    times = {way: [] for way in ways}
    starts = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way in ways:
            times[way] += milliseconds(way)
            starts[way].append(start_and_memory(way))

    print(f"YOLOv8n, 640x640, bus.jpg, {len(os.sched_getaffinity(0))} CPUs, medians of {ROUNDS} rounds")
    print(f"{'':<18}{'end to end':>12}{'least':>8}{'most':>8}{'of fp32':>9}{'start':>10}{'memory':>10}")
    for way in ways:
        fp32 = times[(way[0], "fp32")]
        ratio = statistics.median(mine / other for mine, other in zip(times[way], fp32, strict=True))
        start = statistics.median(seconds for seconds, _ in starts[way])
        memory = statistics.median(mebibytes for _, mebibytes in starts[way])
        print(
            f"{' '.join(way):<18}{statistics.median(times[way]):>9.2f} ms{min(times[way]):>8.2f}{max(times[way]):>8.2f}"
            f"{ratio:>9.2f}{start:>8.3f} s{memory:>6.0f} MiB"
        )

    print("\ntwo engines in one process, called in turns: the time of each, of its time alone")
    for pair in itertools.combinations([(backend, "fp32") for backend in BACKENDS if (backend, "fp32") in ways], 2):
        ratios: list[list[float]] = [[], []]
        for _ in range(ROUNDS):
            alone = [milliseconds(way)[0] for way in pair]
            for each, mine, other in zip(ratios, milliseconds(*pair), alone, strict=True):
                each.append(mine / other)
        first, second = (statistics.median(each) for each in ratios)
        print(f"{pair[0][0]} and {pair[1][0]}: {first:.2f} and {second:.2f}")


if __name__ == "__main__":
    main()
