"""What the program takes, from start to exit and for each image, with YOLOv8n on a photo.

    python benchmarks/program.py

Needs a build (INFERENCE_MODELS_BUILD_DIR, build/release by default), ONNX Runtime in the environment that runs it, and
the test data (INFERENCE_MODELS_TEST_DATA, or ../shared beside the repository).

`around the run` is what a call costs besides the network's run: pre-processing and post-processing, measured between
runs of the network, so with the caches that it leaves behind. Reading the picture file is counted apart.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROCESSES = 15
IMAGES = 60


def folder(variable: str, default: Path) -> Path:
    return Path(os.environ.get(variable, default)).resolve()


def run(arguments: list) -> tuple[float, bytes]:
    """Seconds from start to exit, and what was printed."""
    environment = os.environ | {"VIRTUAL_ENV": sys.prefix}
    start = time.perf_counter()
    done = subprocess.run([str(part) for part in arguments], env=environment, stdout=subprocess.PIPE, check=True)
    return time.perf_counter() - start, done.stdout


def describe(name: str, values: list[float], unit: str) -> None:
    print(f"{name:<34}{statistics.median(values):>10.3f}{min(values):>10.3f}{max(values):>10.3f}  {unit}")


def main() -> None:
    program = folder("INFERENCE_MODELS_BUILD_DIR", ROOT / "build/release") / "bin/inference-models"
    data = folder("INFERENCE_MODELS_TEST_DATA", ROOT.parent / "shared")
    predict = [program, "predict", data / "models/yolov8n-640/onnx-fp32"]
    photo = data / "images/bus.jpg"

    print(f"{'':<34}{'median':>10}{'least':>10}{'most':>10}")
    commands = {"describe-runtime": [program, "describe-runtime"], "predict, one image": [*predict, photo]}
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(PROCESSES):  # in turns, so that noise hits both alike
        for name, command in commands.items():
            times[name].append(run(command)[0])
    for name, values in times.items():
        describe(f"{name}, start to exit", values, "s")

    _, printed = run([*predict, *[photo] * IMAGES, "--jsonl"])
    stages = [json.loads(line)["timing_ms"] for line in printed.splitlines()][5:]
    for stage in ("decode", "pre_process", "forward", "post_process"):
        describe(stage, [image[stage] for image in stages], "ms")
    describe("around the run", [image["pre_process"] + image["post_process"] for image in stages], "ms")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"peak memory of the largest of these processes: {peak:.0f} MiB")


if __name__ == "__main__":
    main()
