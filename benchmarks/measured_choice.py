"""Whether the candidate that measuring chooses is the fastest one, and what measuring takes.

    python benchmarks/measured_choice.py

Ten times: an empty cache, `inference-models tune`, then the candidate that is taken from then on, each candidate on its
own, and the fastest of these once more, in turns, each in a process of its own. `of the best` is the time of the
measured choice, as a share of that of the candidate that is fastest over all rounds; `the same twice` is what two
processes of that one differ by: the noise.

Needs what benchmarks/performance.py needs.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

from performance import BUILD, subject

ROUNDS = 10
PREDICTIONS = 60
WARM_UP = 15
PROGRAM = str(BUILD / "bin/inference-models")


def run(cache: str, *words: str) -> str:
    environment = os.environ | {"VIRTUAL_ENV": sys.prefix, "INFERENCE_HOME": cache}
    command = [PROGRAM, *words]
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout


def milliseconds(cache: str, *options: str) -> float:
    """The median time of the prediction of a decoded picture."""
    model, picture = subject()
    lines = run(cache, "predict", model, *[picture] * PREDICTIONS, "--jsonl", *options).splitlines()
    times = [json.loads(line)["timing_ms"] for line in lines][WARM_UP:]
    return statistics.median(one["pre_process"] + one["forward"] + one["post_process"] for one in times)


def usable_backends(cache: str) -> list[str]:
    candidates = json.loads(run(cache, "explain", subject()[0], "--json"))["candidates"]
    return [one["backend"] for one in candidates if one["status"] in ("chosen", "usable")]


def main() -> None:
    chosen, tuning, times, again = [], [], {}, []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as cache:
            began = time.perf_counter()
            run(cache, "tune", *subject())
            tuning.append(time.perf_counter() - began)
            for backend in usable_backends(cache):
                times.setdefault(backend, []).append(milliseconds(cache, "--backend", backend))
            chosen.append(milliseconds(cache))
            again.append({backend: milliseconds(cache, "--backend", backend) for backend in usable_backends(cache)})
    best = min(times, key=lambda backend: statistics.median(times[backend]))
    ratios = [mine / other for mine, other in zip(chosen, times[best], strict=True)]
    noise = [one[best] / other for one, other in zip(again, times[best], strict=True)]
    for backend, values in times.items():
        print(f"{backend:<14}{statistics.median(values):>8.2f} ms  ({min(values):.2f} to {max(values):.2f})")
    print(f"{'the choice':<14}{statistics.median(chosen):>8.2f} ms  ({min(chosen):.2f} to {max(chosen):.2f})")
    print(f"of the best, {best}: {statistics.median(ratios):.3f}  ({min(ratios):.3f} to {max(ratios):.3f})")
    print(f"the same twice:  {statistics.median(noise):.3f}  ({min(noise):.3f} to {max(noise):.3f})")
    print(f"tune took {statistics.median(tuning):.1f} s  ({min(tuning):.1f} to {max(tuning):.1f})")


if __name__ == "__main__":
    main()
