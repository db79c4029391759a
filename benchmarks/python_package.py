"""What the Python package takes: its import, and the way to the first prediction of YOLOv8n on a photo.

    python benchmarks/python_package.py

Needs the package, ONNX Runtime and PyTorch in the environment that runs it, and the test data
(INFERENCE_MODELS_TEST_DATA, or ../shared beside the repository). Each measurement is a process of its own; they take
turns, so that noise hits all alike.

`beyond numpy` is the difference between neighbours of which one imports numpy alone. `first prediction` counts from the
start of the process, with Python's own start and numpy's import, to the moment when it has the boxes.
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

PREDICT = """
import sys
from inference_models import AutoModel
model = AutoModel.from_pretrained(sys.argv[1], backend=sys.argv[2])
print(len(model(sys.argv[3])[0]), flush=True)
import resource
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True)
"""


def seconds_until_first_line(code: str, *arguments: object) -> tuple[float, str]:
    """Seconds from the start of a Python process to its first line, and what it prints after that."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        first = process.stdout.readline()
        seconds = time.perf_counter() - start
        rest = process.stdout.read()
    if process.returncode != 0 or not first:
        sys.exit(f"failed: {' '.join(command)}")
    return seconds, rest


def row(name: str, values: list[float], unit: str = "s") -> None:
    print(f"{name:<42}{statistics.median(values):>10.3f}{min(values):>10.3f}{max(values):>10.3f}  {unit}")


def main() -> None:
    data = Path(os.environ.get("INFERENCE_MODELS_TEST_DATA", ROOT.parent / "shared")).resolve()
    model, photo = data / "models/yolov8n-640", data / "images/bus.jpg"
    backends = ("onnx", "torch")

    python, numpy, ours = [], [], []
    first: dict[str, list[float]] = {backend: [] for backend in backends}
    memory: dict[str, list[float]] = {backend: [] for backend in backends}
    for turn in range(ROUNDS + 1):
        python.append(seconds_until_first_line("print('started')")[0])
        numpy.append(seconds_until_first_line("import numpy; print('imported')")[0])
        ours.append(seconds_until_first_line("import inference_models; print('imported')")[0])
        for backend in backends:
            seconds, peak = seconds_until_first_line(PREDICT, model, backend, photo)
            first[backend].append(seconds)
            memory[backend].append(int(peak) / 1024)
        if turn == 0:  # fills the caches of files
            for values in (python, numpy, ours, *first.values(), *memory.values()):
                values.clear()

    print(f"medians of {ROUNDS} rounds, {os.cpu_count()} CPUs")
    print(f"{'':<42}{'median':>10}{'least':>10}{'most':>10}")
    row("Python's start", python)
    row("import numpy, beyond that", [b - a for a, b in zip(python, numpy, strict=True)])
    row("import inference_models, beyond numpy", [b - a for a, b in zip(numpy, ours, strict=True)])
    for backend in backends:
        row(f"first prediction, {backend}", first[backend])
        row(f"peak memory, {backend}", memory[backend], "MiB")


if __name__ == "__main__":
    main()
