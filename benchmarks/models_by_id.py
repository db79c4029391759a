"""What a load by id costs beyond a load by path, once the model is in the cache.

    python benchmarks/models_by_id.py [PACKAGE_DIRECTORY]

Needs the package and ONNX Runtime in the environment that runs it, and `inference-models` in its bin/. Serves the
package (by default the bundled model's) with `inference-models hub serve`, downloads it once, stops the server, and
then loads it by id and by path in turns: each in a process of its own that loads once before it measures, and in one
process, both ways, a load at a time.
"""

from __future__ import annotations

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import inference_models

MODEL = "benchmarked-model"
ROUNDS = 15

LOADS = """
import sys, time
from inference_models import AutoModel

AutoModel.from_pretrained(sys.argv[1], backend="onnx")  # opens the runtime
for turn in range(20):
    for model in sys.argv[1:]:
        start = time.perf_counter()
        AutoModel.from_pretrained(model, backend="onnx")
        print(model, (time.perf_counter() - start) * 1e3)
"""


def download(package: Path, environment: dict[str, str], work: Path) -> None:
    shutil.copytree(package, work / "folder" / MODEL / "package")
    program = Path(sys.executable).parent / "inference-models"
    server = subprocess.Popen(
        [program, "hub", "serve", work / "folder", "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    try:
        (environment["ROBOFLOW_API_HOST"],) = re.findall(r"http://127\.0\.0\.1:\d+", server.stdout.readline())[:1]
        subprocess.run([program, "explain", MODEL], env=environment, check=True, stdout=subprocess.DEVNULL)
        code = f"from inference_models import AutoModel; AutoModel.from_pretrained({MODEL!r}, backend='onnx')"
        subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    bundled = Path(inference_models.__file__).parent / "share/inference_models/models/codes-n-640/onnx-fp32"
    package = Path(sys.argv[1]) if len(sys.argv) > 1 else bundled
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        environment = os.environ | {"INFERENCE_HOME": str(work / "cache"), "DISABLE_INTERACTIVE_PROGRESS_BARS": "true"}
        download(package, environment, work)
        times: dict[str, list[float]] = {}
        for turn in range(ROUNDS):
            models = [MODEL, str(package)] if turn % 2 else [str(package), MODEL]
            done = subprocess.run(
                [sys.executable, "-c", LOADS, *models], env=environment, check=True, stdout=subprocess.PIPE, text=True
            )
            for line in done.stdout.splitlines():
                name, milliseconds = line.rsplit(" ", 1)
                times.setdefault(name, []).append(float(milliseconds))
    by_id, by_path = times[MODEL], times[str(package)]
    print(f"loading {package.name}, warm, {ROUNDS} rounds of 20 loads in turns, milliseconds")
    print(f"{'':<10}{'median':>10}{'least':>10}{'most':>10}")
    for name, values in (("by path", by_path), ("by id", by_id)):
        print(f"{name:<10}{statistics.median(values):>10.2f}{min(values):>10.2f}{max(values):>10.2f}")
    more = statistics.median(a - b for a, b in zip(by_id, by_path, strict=True))
    print(f"by id takes {more:.2f} ms more, {statistics.median(by_id) / statistics.median(by_path):.3f} times as long")


if __name__ == "__main__":
    main()
