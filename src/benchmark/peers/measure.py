"""Measures a model of another product by the rules of src/benchmark/job.hpp."""

import os
import statistics
import time
from collections.abc import Callable
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

    seconds: float = 0  #: that all of them took
    end_to_end_ms: list[float] = field(default_factory=list)
    stages: list[tuple[float, float, float]] = field(default_factory=list)


def measured(load: Callable[[], Model], job: dict, loading_ns: int) -> dict:
    images = pixels_of(job["images"])
    model = load()
    loaded_ns = time.monotonic_ns()
    model.predict([images[0]])
    answer = {"loading_ns": loading_ns, "loaded_ns": loaded_ns, "predicted_ns": time.monotonic_ns()}
    answer |= times(model, images, job["measured_ms"] / 1000)
    answer["peak_memory_mib"] = peak_memory_mib()
    answer["found"] = [found_in(model, image) for image in images] if job["finds_objects"] else []
    return answer | described(model.ran_with(images[0]), job)


def pixels_of(sizes: list[dict]) -> list:
    """Read, not mapped: a decoded image lies in memory of its own, once."""
    import numpy as np

    images, offset = [], 0
    for size in sizes:
        image = np.empty((size["height"], size["width"], 3), np.uint8)
        read = os.preadv(PIXELS_DESCRIPTOR, [image.reshape(-1)], offset)
        if read != image.nbytes:
            raise OSError(f"image {len(images)} has {image.nbytes} bytes, of which {read} were read")
        images.append(image)
        offset += image.nbytes
    return images


def times(model: Model, images: list, seconds: float) -> dict:
    if seconds == 0:
        return {"warm_up": 0, "end_to_end_ms": [], "images_per_second": 0} | {name: [] for name in STAGES}
    warm_up = warmed_up(model, images)
    calls = called(model, images, seconds)
    return {
        "warm_up": warm_up,
        "end_to_end_ms": calls.end_to_end_ms,
        "images_per_second": len(calls.end_to_end_ms) / calls.seconds,
    } | {name: [one[place] for one in calls.stages] for place, name in enumerate(STAGES)}


def warmed_up(model: Model, images: list) -> int:
    """Predicts until times are stable. Returns after how many predictions that was so."""
    lasted: list[float] = []
    while len(lasted) < MOST_WARM_UP and not stable(lasted):
        began = time.perf_counter()
        model.predict([images[len(lasted) % len(images)]])
        lasted.append(time.perf_counter() - began)
    return len(lasted)


def stable(lasted: list[float]) -> bool:
    if len(lasted) < FEWEST_PREDICTIONS:
        return False
    before, now = statistics.median(lasted[-10:-5]), statistics.median(lasted[-5:])
    return abs(now - before) <= 0.05 * before


def called(model: Model, images: list, seconds: float) -> Calls:
    calls = Calls()
    start = time.perf_counter()
    while time.perf_counter() < start + seconds or len(calls.end_to_end_ms) < FEWEST_PREDICTIONS:
        image = images[len(calls.end_to_end_ms) % len(images)]
        began = time.perf_counter()
        predicted = model.predict([image])
        calls.end_to_end_ms.append((time.perf_counter() - began) * 1000)
        stages = model.stages(predicted)
        if stages is not None:
            calls.stages.append(stages)
    calls.seconds = time.perf_counter() - start
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
