"""Measures a model of another product by the rules of src/benchmark/job.hpp."""

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
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
    """What was measured of a model's calls, one after the other."""

    warm_up: int = 0  #: calls before
    began: float = 0
    ended: float = 0
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
    if job["measured_ms"] == 0:
        return {"warm_up": 0, "end_to_end_ms": [], "images_per_second": 0} | {name: [] for name in STAGES}
    measured = all_at_once(models, images, job)
    end_to_end_ms = [value for calls in measured for value in calls.end_to_end_ms]
    elapsed = max(calls.ended for calls in measured) - min(calls.began for calls in measured)
    stages = [one for calls in measured for one in calls.stages]
    return {
        "warm_up": max(calls.warm_up for calls in measured),
        "end_to_end_ms": end_to_end_ms,
        "images_per_second": len(end_to_end_ms) * job["batch"] / elapsed,
    } | {name: [one[place] for one in stages] for place, name in enumerate(STAGES)}


def all_at_once(models: list[Model], images: list, job: dict) -> list[Calls]:
    """Each model in a thread of its own, which also warms it up, since torch gives every caller a pool of threads; a
    single one in the main thread, as its users call it."""
    size, seconds = job["batch"], job["measured_ms"] / 1000
    if len(models) == 1:
        warm_up = [warmed_up(models[0], images, size)]
        measured = [called(models[0], images, size, seconds)]
    else:
        threads = [ThreadPoolExecutor(1) for _ in models]
        warm_up = in_threads(threads, models, warmed_up, images, size)
        measured = in_threads(threads, models, called, images, size, seconds)
    for calls, before in zip(measured, warm_up, strict=True):
        calls.warm_up = before
    return measured


def in_threads(threads: list[ThreadPoolExecutor], models: list[Model], function: Callable, *arguments: Any) -> list:
    begun = [thread.submit(function, model, *arguments) for thread, model in zip(threads, models, strict=True)]
    return [one.result() for one in begun]


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
    calls = Calls(began=time.perf_counter())
    while time.perf_counter() < calls.began + seconds or len(calls.end_to_end_ms) < FEWEST_PREDICTIONS:
        given = batch(images, len(calls.end_to_end_ms), size)
        began = time.perf_counter()
        predicted = model.predict(given)
        calls.end_to_end_ms.append((time.perf_counter() - began) * 1000)
        stages = model.stages(predicted)
        if stages is not None:
            calls.stages.append(stages)
    calls.ended = time.perf_counter()
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
