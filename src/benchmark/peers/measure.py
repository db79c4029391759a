"""Measures a model of another product by the rules of src/benchmark/job.hpp."""

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Protocol

PIXELS_DESCRIPTOR = 3
STAGES = ("pre_process_ms", "forward_ms", "post_process_ms")
FEWEST_PREDICTIONS = 10
MOST_WARM_UP = 60


@dataclass
class Settings:
    """What a model really ran with."""

    settings: str
    runtime: str
    precision: str
    shape: tuple[int, int]  #: height, width
    threads: int  #: that the network is computed with; 0 where that is not known
    threads_around: int  #: that the rest is computed with, likewise


class Model(Protocol):
    """A loaded model of a product."""

    def predict(self, images: list) -> Any:
        """One call as a user makes it: decoded images in, what is found out."""

    def stages(self, predicted: Any) -> tuple[float, float, float] | None:
        """Milliseconds of that call's stages, where the product tells them."""

    def found(self, predicted: Any) -> list[dict]:
        """Of each image the objects, in its own pixels."""

    def ran_with(self, image: Any) -> Settings:
        """After the first prediction: what it ran with, for an image like this one."""


@dataclass
class Calls:
    """What was measured of calls one after the other."""

    end_to_end_ms: list[float] = field(default_factory=list)
    stages: list[tuple[float, float, float]] = field(default_factory=list)


def measured(load: Callable[[], Model], job: dict, loading_ns: int) -> dict:
    images = pixels_of(job["images"])
    models = [load() for _ in range(job["instances"])]
    loaded_ns = time.monotonic_ns()
    model = models[0]
    model.predict(batch(images, 0, job["batch"]))
    answer = {"loading_ns": loading_ns, "loaded_ns": loaded_ns, "predicted_ns": time.monotonic_ns()}
    answer |= times(models, images, job)
    answer["peak_memory_mib"] = peak_memory_mib()
    answer["found"] = [found_in(model, image) for image in images] if job["finds_objects"] else []
    return answer | described(model.ran_with(images[0]), job)


def pixels_of(sizes: list[dict]) -> list:
    import numpy as np

    # Copied, as a decoded image lies in memory of its own.
    pixels = np.array(np.memmap(f"/proc/self/fd/{PIXELS_DESCRIPTOR}", np.uint8, "r"))
    images, offset = [], 0
    for size in sizes:
        shape = (size["height"], size["width"], 3)
        end = offset + shape[0] * shape[1] * shape[2]
        images.append(pixels[offset:end].reshape(shape))
        offset = end
    return images


def batch(images: list, call: int, size: int) -> list:
    return [images[(call * size + place) % len(images)] for place in range(size)]


def times(models: list[Model], images: list, job: dict) -> dict:
    seconds = job["measured_ms"] / 1000
    warm_up = 0
    if seconds > 0:
        warm_up = max(warmed_up(model, images, job["batch"]) for model in models)
    began = time.perf_counter()
    with ThreadPoolExecutor(len(models)) as executor:
        calls = list(executor.map(lambda model: called(model, images, job["batch"], seconds), models))
    elapsed = time.perf_counter() - began
    end_to_end_ms = [value for one in calls for value in one.end_to_end_ms]
    stages = [one for each in calls for one in each.stages]
    answer = {"warm_up": warm_up, "end_to_end_ms": end_to_end_ms}
    answer["images_per_second"] = len(end_to_end_ms) * job["batch"] / elapsed
    return answer | {name: [one[place] for one in stages] for place, name in enumerate(STAGES)}


def warmed_up(model: Model, images: list, size: int) -> int:
    """Predicts until times are stable. Returns after how many predictions that was so."""
    lasted: list[float] = []
    while len(lasted) < MOST_WARM_UP and not stable(lasted):
        began = time.perf_counter()
        model.predict(batch(images, len(lasted), size))
        lasted.append(time.perf_counter() - began)
    return len(lasted)


def stable(lasted: list[float]) -> bool:
    if len(lasted) < FEWEST_PREDICTIONS:
        return False
    before, now = statistics.median(lasted[-10:-5]), statistics.median(lasted[-5:])
    return abs(now - before) <= 0.05 * before


def called(model: Model, images: list, size: int, seconds: float) -> Calls:
    calls = Calls()
    if seconds == 0:
        return calls
    ends = time.perf_counter() + seconds
    for call in count():
        given = batch(images, call, size)
        began = time.perf_counter()
        if began >= ends and call >= FEWEST_PREDICTIONS:
            break
        predicted = model.predict(given)
        calls.end_to_end_ms.append((time.perf_counter() - began) * 1000)
        stages = model.stages(predicted)
        if stages is not None:
            calls.stages.append(stages)
    return calls


def found_in(model: Model, image: Any) -> dict:
    (found,) = model.found(model.predict([image]))
    return found


def peak_memory_mib() -> float:
    """The largest resident size of this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0


def described(ran_with: Settings, job: dict) -> dict:
    height, width = ran_with.shape
    return {
        "settings": ran_with.settings,
        "runtime": ran_with.runtime,
        "precision": ran_with.precision,
        "shape": f"{height}x{width}",
        "threads": ran_with.threads,
        "same_settings": [height, width] == job["network_input"]
        and {ran_with.threads, ran_with.threads_around} == {job["threads"]}
        and ran_with.precision == "fp32",
    }
