"""What the Python package takes: its import, and the way to the first prediction of YOLOv8n on a photo.

    python benchmarks/python_package.py

Needs the package, ONNX Runtime and PyTorch in the environment that runs it, and the test data
(INFERENCE_MODELS_TEST_DATA, or ../shared beside the repository). Each measurement is a process of its own; they take
turns, so that noise hits all alike.

The imports are timed inside of their process, ours after numpy's. `first prediction` counts from the start of the
process, with Python's own start and numpy's import, to the moment when it has the boxes.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 15

IMPORT = """
from time import perf_counter
start = perf_counter()
import numpy
middle = perf_counter()
import inference_models
print(middle - start, perf_counter() - middle)
"""

PREDICT = """
import sys
from inference_models import AutoModel
model = AutoModel.from_pretrained(sys.argv[1], backend=sys.argv[2])
print(len(model(sys.argv[3])[0]), flush=True)
import resource
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True)
"""


def run(code: str, *arguments: object) -> tuple[float, list[str]]:
    """Seconds from the start of a Python process to its first line, and its lines."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        first = process.stdout.readline()
        seconds = time.perf_counter() - start
        lines = [first, *process.stdout]
    if process.returncode != 0:
        sys.exit(f"failed: {' '.join(command)}")
    return seconds, lines


def row(name: str, values: list[float], unit: str = "s") -> None:
    print(f"{name:<28}{statistics.median(values):>10.3f}{min(values):>10.3f}{max(values):>10.3f}  {unit}")


def main() -> None:
    data = Path(os.environ.get("INFERENCE_MODELS_TEST_DATA", ROOT.parent / "shared")).resolve()
    model, photo = data / "models/yolov8n-640", data / "images/bus.jpg"
    backends = ("onnx", "torch")

    numpy, ours = [], []
    first: dict[str, list[float]] = {backend: [] for backend in backends}
    memory: dict[str, list[float]] = {backend: [] for backend in backends}
    for turn in range(ROUNDS + 1):
        imports = [float(seconds) for seconds in run(IMPORT)[1][0].split()]
        predictions = {backend: run(PREDICT, model, backend, photo) for backend in backends}
        if turn == 0:  # fills the caches of files
            continue
        numpy.append(imports[0])
        ours.append(imports[1])
        for backend, (seconds, lines) in predictions.items():
            first[backend].append(seconds)
            memory[backend].append(int(lines[1]) / 1024)

    print(f"medians of {ROUNDS} rounds, {os.cpu_count()} CPUs")
    print(f"{'':<28}{'median':>10}{'least':>10}{'most':>10}")
    row("import numpy", numpy)
    row("import inference_models", ours)
    for backend in backends:
        row(f"first prediction, {backend}", first[backend])
        row(f"peak memory, {backend}", memory[backend], "MiB")


if __name__ == "__main__":
    main()
