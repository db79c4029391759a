"""Measures other products for `inference-models benchmark --peers`, run by the Python of their environment.

    peer.py list    tells which peers can be measured on a model, and which cannot, and makes what they need in the
                    scratch directory, which lives as long as the benchmark. Reads {"model": PATH, "threads": N,
                    "scratch": DIR}; prints {"peers": [{"id", "product", "settings", "runtime", "same_settings"}],
                    "missing": [{"product", "settings", "reason", "remedy"}]}.
    peer.py run ID  measures one of them. Reads a job and prints an answer as src/benchmark/job.hpp has them. The job
                    has "threads", "network_input" (height, width) and "scratch" besides; the answer has "product",
                    "settings", "runtime", "precision", "shape", "threads" and "same_settings" instead of "model".

Standard output carries the answer alone; what the products print goes to standard error.
"""

import json
import os
import sys
import time
import traceback
from dataclasses import asdict
from pathlib import Path

# Python -I does not look for modules beside a program. Nothing is written there; the products may keep their own.
sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

import measure  # noqa: E402
import model_files  # noqa: E402
import roboflow  # noqa: E402
import ultralytics_yolo  # noqa: E402
from product import Variant  # noqa: E402

sys.dont_write_bytecode = False

PRODUCTS = (roboflow, ultralytics_yolo)  # listed in this order: Ultralytics changes torch's threads when it exports


class UnknownPeerError(Exception):
    """There is no peer of this name for this model."""


def keep_to_this_machine(scratch: Path) -> None:
    """Nothing is downloaded, installed or told to anybody, and nothing is left outside the scratch directory."""
    home = scratch / "home"
    consent = home / "intel/openvino_telemetry"
    consent.parent.mkdir(parents=True, exist_ok=True)
    consent.write_text("0")  # how OpenVINO's telemetry remembers a no
    os.environ |= {
        "HOME": str(home),
        "HF_HUB_OFFLINE": "1",
        "INFERENCE_HOME": str(scratch / "roboflow"),
        "OFFLINE_MODE": "true",
        "YOLO_AUTOINSTALL": "false",
        "YOLO_CONFIG_DIR": str(scratch / "ultralytics"),
        "YOLO_OFFLINE": "true",
    }
    Path(os.environ["YOLO_CONFIG_DIR"]).mkdir(exist_ok=True)


def list_peers(request: dict) -> dict:
    scratch = Path(request["scratch"])
    keep_to_this_machine(scratch)
    files = model_files.find(Path(request["model"]))
    listed = {"peers": [], "missing": []}
    for product in PRODUCTS:
        version = product.version()
        if version is None:
            listed["missing"].append(not_installed(product))
            continue
        name = f"{product.NAME} {version}"
        for one in product.variants(files, request["threads"], scratch):
            listed["peers" if isinstance(one, Variant) else "missing"].append({"product": name} | asdict(one))
    return listed


def not_installed(product) -> dict:
    return {
        "product": product.NAME,
        "settings": "",
        "reason": f"{product.PACKAGE} is not installed in the environment of {sys.executable}",
        "remedy": f"{sys.executable} -m pip install {product.REQUIREMENT}",
    }


def run_peer(peer: str, job: dict, loading_ns: int) -> dict:
    scratch = Path(job["scratch"])
    keep_to_this_machine(scratch)
    files = model_files.find(Path(job["model"]))
    for product in PRODUCTS:
        load = product.loader(peer, files, job)
        if load is not None:
            answer = measure.measured(load, job, loading_ns)
            return {"product": f"{product.NAME} {product.version()}"} | answer
    raise UnknownPeerError(f"No peer is called {peer} for {job['model']}")


def answer_to(arguments: list[str], loading_ns: int) -> dict:
    request = json.load(sys.stdin)
    match arguments:
        case ["list"]:
            return list_peers(request)
        case ["run", peer]:
            return run_peer(peer, request, loading_ns)
    raise UnknownPeerError(f"The arguments {arguments} are neither list nor run ID")


def error_of(error: BaseException) -> dict:
    kind = "invalid_argument" if isinstance(error, UnknownPeerError) else "engine_failure"
    message = " ".join(str(error).split())[:1000] or "it gave no reason"
    if kind == "engine_failure":
        message = f"{type(error).__name__}: {message}"
    return {"error": {"kind": kind, "subject": " ".join(sys.argv[1:]), "message": message, "hint": ""}}


def main() -> None:
    loading_ns = time.monotonic_ns()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    try:
        answer = answer_to(sys.argv[1:], loading_ns)
    except (Exception, SystemExit) as error:
        traceback.print_exc()
        answer = error_of(error)
    json.dump(answer, answers)
    answers.write("\n")
    answers.flush()
    # Some products' threads hold an interpreter's end up, or crash in it; all is said.
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
