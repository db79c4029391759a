"""How long the pre-processing of a photo takes, beside OpenCV's, in one run with random interleaving.

    python benchmarks/pre_processing.py [options of Google Benchmark]

Needs the packages google-benchmark, numpy, onnxruntime and opencv-python-headless, a build (INFERENCE_MODELS_BUILD_DIR)
and the test data (INFERENCE_MODELS_TEST_DATA, or ../shared beside the repository).

`hot` repeats the pass in a loop; `between runs` does it before each run of a network on its input, as a program does:
the network has filled the caches with its own data by then. `network` is how long that run itself took after it. All
is one thread's CPU time, which other programs on the machine disturb less than they do the clock.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import cv2
import google_benchmark as benchmark
import numpy as np
import onnxruntime

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from support.pre_processing import PreProcessor, Rules, data_folder, library_path

SIZE = (640, 640)
REPETITIONS = 7
RUNS_IN_A_REPETITION = 8


def opencv_pass(photo: np.ndarray, memory: np.ndarray):
    """Resize, border, channels apart and swapped, float32, / 255; every buffer reused. The fastest of six ways to do
    the conversion with OpenCV and numpy, and bit for bit the same values."""
    height, width = photo.shape[:2]
    scale = min(SIZE[0] / width, SIZE[1] / height)
    inner = (int(width * scale), int(height * scale))
    left, top = (SIZE[0] - inner[0]) // 2, (SIZE[1] - inner[1]) // 2
    right, bottom = SIZE[0] - inner[0] - left, SIZE[1] - inner[1] - top
    resized = np.empty((inner[1], inner[0], 3), np.uint8)
    canvas = np.empty((SIZE[1], SIZE[0], 3), np.uint8)
    planes = [np.empty((SIZE[1], SIZE[0]), np.uint8) for _ in range(3)]

    def run():
        cv2.resize(photo, inner, dst=resized)
        cv2.copyMakeBorder(resized, top, bottom, left, right, cv2.BORDER_CONSTANT, dst=canvas, value=(0, 0, 0))
        cv2.split(canvas, planes)
        for channel in range(3):
            np.copyto(memory[2 - channel], planes[channel])
        np.divide(memory, np.float32(255), out=memory)

    return run


class Network:
    """A network that reads its input where the pass writes it; one thread, which does not spin."""

    def __init__(self, model: Path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        shape = (1, 3, SIZE[1], SIZE[0])
        self._input = onnxruntime.OrtValue.ortvalue_from_shape_and_type(shape, np.float32, "cpu")
        self.memory = self._input.numpy()[0]  # not a copy
        binding = session.io_binding()
        binding.bind_ortvalue_input(session.get_inputs()[0].name, self._input)
        for output in session.get_outputs():
            binding.bind_output(output.name, "cpu")
        self.run = lambda: session.run_with_iobinding(binding)


def register(name: str, run, network: Network, prepare=lambda: None):
    def hot(state):
        prepare()
        run()
        while state:
            run()

    def between_runs(state):
        prepare()
        network.run()
        network_time = 0.0
        while state:
            start = time.thread_time()
            run()
            middle = time.thread_time()
            network.run()
            network_time += time.thread_time() - middle
            state.set_iteration_time(middle - start)
        state.counters["network_ms"] = network_time / state.iterations * 1e3

    benchmark.register(hot, name=f"hot/{name}")
    function = benchmark.option.use_manual_time()(between_runs)
    function = benchmark.option.iterations(RUNS_IN_A_REPETITION)(function)
    benchmark.register(function, name=f"between runs/{name}")


def print_table(results: list[dict], names: list[str]):
    times, network = defaultdict(list), defaultdict(list)
    for result in results:
        if result["run_type"] == "iteration":
            kind, name = result["run_name"].split("/")[:2]
            manual = "network_ms" in result
            times[kind, name].append(result["real_time" if manual else "cpu_time"] / 1e6)
            if manual:
                network[name].append(result["network_ms"])
    print(f"\nmedians of {REPETITIONS} repetitions, ms of CPU time; cv2 {cv2.__version__}, {os.cpu_count()} CPUs")
    print(f"{'':14}{'':10}{'median':>9}{'least':>9}{'/ OpenCV':>10}{'network':>10}")
    for kind in ("hot", "between runs"):
        for name in names:
            median = statistics.median(times[kind, name])
            ratio = median / statistics.median(times[kind, "OpenCV"])
            line = f"{kind:14}{name:10}{median:9.3f}{min(times[kind, name]):9.3f}{ratio:10.2f}"
            print(line + (f"{statistics.median(network[name]):10.1f}" if kind == "between runs" else ""))


def main():
    library, data = library_path(), data_folder()
    if library is None or data is None:
        sys.exit("Set INFERENCE_MODELS_BUILD_DIR to a build and INFERENCE_MODELS_TEST_DATA to the test data.")
    cv2.setNumThreads(1)
    photo = cv2.imread(str(data / "images/bus.jpg"))
    pre_processor = PreProcessor(library)
    network = Network(data / "models/yolov8n-640/onnx-fp32/weights.onnx")
    rules = Rules(SIZE, scaling_factor=255.0)

    passes = [("OpenCV", opencv_pass(photo, network.memory), lambda: None)]
    for name in pre_processor.instruction_sets():
        passes.append(
            (
                name,
                pre_processor.prepare(photo, rules, memory=network.memory),
                lambda name=name: pre_processor.force_instruction_set(name),
            )
        )
    passes[0][1]()
    expected = network.memory.copy()
    for name, run, prepare in passes:
        prepare()
        network.memory.fill(np.nan)
        run()
        assert np.array_equal(network.memory, expected), f"{name} gives other values"
        register(name, run, network, prepare)

    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.json"
        options = [
            f"--benchmark_repetitions={REPETITIONS}",
            "--benchmark_enable_random_interleaving=true",
            "--benchmark_min_time=0.05s",
            f"--benchmark_out={results}",
            "--benchmark_out_format=json",
        ]
        benchmark.initialize([sys.argv[0], *options, *sys.argv[1:]])
        benchmark.run_benchmarks()
        print_table(json.loads(results.read_text())["benchmarks"], [name for name, _, _ in passes])


if __name__ == "__main__":
    main()
