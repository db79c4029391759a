"""What one prediction of codes-n-640 takes, from a decoded picture to boxes, for each package and engine.

    python benchmarks/bundled_model.py

Needs the package, ONNX Runtime, PyTorch and OpenCV in the environment that runs it. Each package has a process of its
own, since runtimes disturb one another; they take turns, so that noise hits all alike.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path

PICTURE = Path(__file__).resolve().parent.parent / "examples/pictures/parcel.jpg"
ROUNDS = 7
PACKAGES = {"onnx-fp32": "onnx", "onnx-int8": "onnx", "torch-script-fp32": "torch"}

PREDICT = """
import statistics, sys, time
import cv2
from inference_models import AutoModel

model = AutoModel.from_pretrained("codes-n-640", model_package_id=sys.argv[1], backend=sys.argv[2])
picture = cv2.imread(sys.argv[3])
seconds = []
for _ in range(70):
    start = time.perf_counter()
    model(picture)
    seconds.append(time.perf_counter() - start)
print(statistics.median(seconds[20:]) * 1e3)
"""


def milliseconds(package: str, backend: str) -> float:
    """The median of 50 predictions after 20 others."""
    command = [sys.executable, "-c", PREDICT, package, backend, str(PICTURE)]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def main() -> None:
    rounds = [{package: milliseconds(package, backend) for package, backend in PACKAGES.items()} for _ in range(ROUNDS)]
    print(f"one prediction of codes-n-640, {len(os.sched_getaffinity(0))} CPUs, {ROUNDS} rounds, milliseconds")
    print(f"{'':<20}{'median':>10}{'least':>10}{'most':>10}{'of onnx-fp32':>15}")
    for package in PACKAGES:
        values = [turn[package] for turn in rounds]
        ratio = statistics.median(turn[package] / turn["onnx-fp32"] for turn in rounds)
        print(f"{package:<20}{statistics.median(values):>10.2f}{min(values):>10.2f}{max(values):>10.2f}{ratio:>15.2f}")


if __name__ == "__main__":
    main()
