"""The project's own performance table, as the README has it: every engine and precision, and other products.

    python benchmarks/performance.py

Runs `inference-models benchmark` on a decoded photo with YOLOv8n, where the test data is (INFERENCE_MODELS_TEST_DATA,
or ../shared beside the repository), else on the bundled model with a picture of codes. Other products take part where
`make peers` made their environment, or INFERENCE_MODELS_PEERS names its Python. The whole report is kept in the build
directory as performance.json and performance.html.

Ratios are medians of the ratios of single rounds, in which all take turns. Needs a build (INFERENCE_MODELS_BUILD_DIR,
build/release by default) and the engines in the environment that runs it.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 7
SECONDS = 2


def folder(variable: str, default: Path) -> Path:
    return Path(os.environ.get(variable, default)).resolve()


BUILD = folder("INFERENCE_MODELS_BUILD_DIR", ROOT / "build/release")
DATA = folder("INFERENCE_MODELS_TEST_DATA", ROOT.parent / "shared")
PEERS = Path(os.environ.get("INFERENCE_MODELS_PEERS", ROOT / ".venv-peers/bin/python"))


def subject() -> list[str]:
    """The model and the picture."""
    if (DATA / "models/yolov8n-640").is_dir():
        return [str(DATA / "models/yolov8n-640"), str(DATA / "images/bus.jpg")]
    return ["codes-n-640", str(ROOT / "examples/pictures/desk.jpg")]


def measured() -> dict:
    page, document = BUILD / "performance.html", BUILD / "performance.json"
    command = [BUILD / "bin/inference-models", "benchmark", *subject(), "--json", "--html", page]
    command += ["--rounds", ROUNDS, "--seconds", SECONDS]
    if PEERS.exists():
        command += ["--peers-python", PEERS]
    environment = os.environ | {"VIRTUAL_ENV": sys.prefix}
    done = subprocess.run([str(word) for word in command], env=environment, stdout=subprocess.PIPE, check=True)
    document.write_bytes(done.stdout)
    return json.loads(done.stdout)


def rounds(entry: dict, member: str) -> list[float]:
    return [one[member] for one in entry["figures"]["rounds"]]


def ratio(peer: dict, ours: dict, member: str) -> float:
    """How many times as much the peer takes."""
    pairs = zip(rounds(peer, member), rounds(ours, member), strict=True)
    return statistics.median(theirs / mine for theirs, mine in pairs)


def most_images(entry: dict) -> str:
    """The most images per second, and in which way. Other products are measured in one way alone."""
    best = max(entry["figures"]["throughput"], key=lambda way: way["images_per_second"])
    way = f"{best['instances']} x {best['threads']} {'thread' if best['threads'] == 1 else 'threads'}"
    batch = f", batch {best['batch']}" if best["batch"] > 1 else ""
    return f"{best['images_per_second']:.1f} ({way}{batch})"


def quality(entry: dict) -> str:
    """How far it is from the reference; with labels, what it finds of them too."""
    if entry.get("is_reference"):
        words = "reference"
    elif (agreement := entry["agreement"]) is None:
        words = "-"
    else:
        found = f"{agreement['matched_objects']} of {agreement['reference_objects']}"
        words = f"{found}, {agreement['largest_shift']:.2g} px"
    precision = entry.get("average_precision")
    return f"{words}; AP {precision['ap']:.3f}" if precision else words


def row(cells: list) -> str:
    return f"| {' | '.join(cells)} |"


def figures_of(entry: dict) -> list[str]:
    figures = entry["figures"]
    return [
        f"{figures['end_to_end']['p50']:.1f}",
        f"{figures['end_to_end']['p99']:.1f}",
        f"{figures['start'] / 1000:.2f}",
        f"{figures['peak_memory_mib']:.0f}",
        most_images(entry),
        quality(entry),
    ]


def print_table(ours: list[dict], peers: list[dict]) -> None:
    print(
        "| | in | end to end, ms | p99 | start to first, s | MiB | images/s, and how | finds what the reference finds |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for entry in ours:
        name = f"{entry['engine']} {entry['runtime_version']}"
        print(row([name, entry["precision"], *figures_of(entry)]))
    for entry in peers:
        name = f"{entry['product']}, {entry['settings']}"
        print(row([name, f"{entry['precision']}, {entry['shape']}", *figures_of(entry)]))


def print_ratios(ours: list[dict], peers: list[dict]) -> None:
    print("\nHow many times as much another product takes: end to end / start to first prediction / memory\n")
    print(row(["", *(f"{entry['engine']} {entry['precision']}" for entry in ours)]))
    print("|---" * (len(ours) + 1) + "|")
    for peer in peers:
        cells = [
            " / ".join(f"{ratio(peer, entry, member):.2f}" for member in ("end_to_end", "start", "peak_memory_mib"))
            for entry in ours
        ]
        same = ", the same settings" if peer["same_settings"] else ""
        print(row([f"{peer['product']}, {peer['settings']} ({peer['precision']}{same})", *cells]))


def main() -> None:
    report = measured()
    ours = [entry for entry in report["candidates"] if entry["figures"]]
    peers = [entry for entry in report["peers"] if entry["figures"]]
    environment = report["environment"]
    size = report["network_input"]
    print(f"{report['model_id']} at {size['height']}x{size['width']}, {environment['cpu']}, ", end="")
    print(f"{environment['threads']} threads, {ROUNDS} rounds of {SECONDS} s, inference_models ", end="")
    print(f"{environment['product_version']}, {environment['measured_at']}\n")
    print_table(ours, peers)
    if peers:
        print_ratios(ours, peers)
    for missing in (entry for entry in report["peers"] if not entry["figures"]):
        print(f"\nnot measured: {missing['product']} {missing['settings']}: {missing['reason']}")


if __name__ == "__main__":
    main()
