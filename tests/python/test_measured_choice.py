"""Figures in the cache, written by hand, decide what is loaded."""

import hashlib
import json

import pytest
from support.tiny_models import SIDE, write_package

from inference_models import AutoModel


@pytest.fixture
def package(tmp_path, monkeypatch):
    monkeypatch.setenv("INFERENCE_HOME", str(tmp_path / "home"))
    return write_package(tmp_path / "tiny")


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def setting(engine):
    """What figures hold for beside the package."""
    runtime = json.loads(AutoModel.describe_runtime().to_json())
    version = next(each["version"] for each in runtime["engines"] if each["engine"] == engine)
    return {
        "product_version": runtime["product_version"],
        "runtime_version": version,
        "cpu": runtime["cpu"]["model"],
        "architecture": runtime["cpu"]["architecture"],
        "instruction_sets": runtime["cpu"]["instruction_sets"],
        "gpu": "",
        "threads": runtime["cpu"]["threads"],
        "network_size": [SIDE, SIDE],
        "rect": False,
        "batch_size": None,
        "onnx_execution_providers": [],
    }


def write_figures(package, home, figures):
    """Figures of a package in some engines, of which it was the reference itself."""
    files = [package / "weights.onnx", package / "inference_config.json"]
    hashes = [sha256(file.read_bytes()) for file in files]
    digest = sha256("\n".join(hashes).encode())
    stamps = []
    for file, sha in zip(files, hashes, strict=True):
        facts = file.stat()
        stamps.append(
            {
                "device": facts.st_dev,
                "inode": facts.st_ino,
                "size": facts.st_size,
                "modified_ns": facts.st_mtime_ns,
                "changed_ns": facts.st_ctime_ns,
                "sha256": sha,
                "external_files": [],
            }
        )
    common = {"package_id": "tiny", "package": digest, "device": "cpu", "precision": "fp32", "measured_at": 10**12}
    records = [
        common | {"engine": engine, "setting": setting(engine), "startup_ms": 200, "memory_mib": 90} | of
        for engine, of in figures.items()
    ]
    directory = home / "hub" / "figures"
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "hashes.json").write_text(json.dumps({"format_version": 1, "files": stamps}))
    (directory / f"{digest}.json").write_text(json.dumps({"format_version": 1, "figures": records}))


PASSES = {"verdict": "passes", "shortfall": ""}


@pytest.fixture
def measured(package, tmp_path):
    """ONNX Runtime has the lower latency, OpenVINO needs less memory."""
    figures = {
        "openvino": PASSES | {"latency_ms": 25, "memory_mib": 70},
        "onnxruntime": PASSES | {"latency_ms": 20, "images_per_second": 60.5},
    }
    write_figures(package, tmp_path / "home", figures)
    return package


def test_the_best_is_loaded_and_told(measured):
    model = AutoModel.from_pretrained(measured)
    assert model.description.backend == "onnx"
    first, second = AutoModel.explain(measured).candidates[:2]
    assert (first.engine, second.engine) == ("onnxruntime", "openvino")
    assert "the least latency of 2 that were measured here and agree with the reference: 20.0 ms" in first.reason
    assert "25.0 ms, 1.25 times the chosen one's" in second.reason
    assert first.figures.to_dict() == {
        "verdict": "passes",
        "shortfall": "",
        "latency_ms": 20,
        "startup_ms": 200,
        "memory_mib": 90,
        "images_per_second": 60.5,
        "measured_at": "2001-09-09T01:46:40Z",
    }
    assert json.loads(AutoModel.explain(measured).to_json())["candidates"][0]["figures"] == first.figures.to_dict()
    assert first.to_dict()["figures"] == first.figures.to_dict()


def test_the_goal_decides(measured):
    assert AutoModel.from_pretrained(measured, goal="memory").description.backend == "openvino"
    assert AutoModel.from_pretrained(measured, goal="latency").description.backend == "onnx"


@pytest.mark.parametrize("options", [{"threads": 1}, {"batch_size": 1}])
def test_figures_of_another_request_decide_nothing(measured, options):
    if options.get("threads") == AutoModel.describe_runtime().cpu.threads:
        pytest.skip("this machine has one thread")
    chosen = AutoModel.explain(measured, **options).chosen
    assert (chosen.engine, chosen.figures) == ("openvino", None)


def test_figures_of_other_weights_decide_nothing(measured):
    weights = measured / "weights.onnx"
    weights.write_bytes(weights.read_bytes().replace(b"output0", b"output1"))
    chosen = AutoModel.explain(measured).chosen
    assert (chosen.engine, chosen.figures) == ("openvino", None)


def test_what_is_wrong_is_not_loaded_however_fast(package, tmp_path):
    wrong = {"verdict": "falls-short", "shortfall": "1 of 1 objects has no match", "latency_ms": 1}
    write_figures(package, tmp_path / "home", {"openvino": wrong, "onnxruntime": PASSES | {"latency_ms": 20}})
    assert AutoModel.from_pretrained(package).description.backend == "onnx"
    refused = AutoModel.explain(package).candidates[1]
    assert refused.engine == "openvino"
    assert "measured here: falls short: 1 of 1 objects has no match" in refused.reason


def test_figures_that_make_no_sense_are_no_error(measured, tmp_path):
    for file in (tmp_path / "home" / "hub" / "figures").iterdir():
        file.write_text("{")
    assert AutoModel.from_pretrained(measured).description.backend == "openvino"
