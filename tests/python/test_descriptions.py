"""Machines, models and choices as data."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from inference_models import AutoModel, __version__

PROGRAM = pathlib.Path(sys.executable).with_name("inference-models")


def program(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=True).stdout


def test_the_runtime_is_described_as_by_the_program(capsys):
    description = AutoModel.describe_runtime()
    ours, theirs = description.to_dict(), json.loads(program("describe-runtime", "--json"))
    assert ours.keys() == theirs.keys()
    for document in (ours, theirs):
        del document["memory"]["available_bytes"]
        for engine in document["engines"]:
            del engine["searched"]  # this process may have loaded some
    assert ours == theirs
    assert json.loads(description.to_json()).keys() == theirs.keys()


def test_the_runtime_s_members(capsys):
    description = AutoModel.describe_runtime()
    assert description.product_version == __version__
    assert description.cpu.threads == len(os.sched_getaffinity(0)) or description.cpu.cores_by_cgroup
    assert [engine.engine for engine in description.engines] == ["onnxruntime", "torch", "openvino", "tensorrt"]
    onnxruntime = description.engines[0]
    assert onnxruntime.installed
    assert onnxruntime.library.is_file()
    assert onnxruntime.adapter.is_file()
    tensorrt = description.engines[3]
    assert tensorrt.library is None
    assert all(isinstance(place.path, pathlib.Path) for place in tensorrt.searched)
    assert {extra.name: extra.satisfied for extra in description.extras}["onnx-cpu"]
    assert "EngineRuntime(engine='onnxruntime'" in repr(onnxruntime)
    assert onnxruntime.to_dict()["library"] == str(onnxruntime.library)
    assert json.loads(onnxruntime.to_json()) == onnxruntime.to_dict()


def test_members_are_read_only(capsys):
    with pytest.raises(AttributeError):
        AutoModel.describe_runtime().os = "another"


def test_an_explanation(test_data):
    path = test_data / "models/yolov8n-640"
    explanation = AutoModel.explain(path)
    assert explanation.model_id == "yolov8n-640"
    assert explanation.location == path
    assert explanation.chosen.status == "chosen"
    assert explanation.candidates[0].to_dict() == explanation.chosen.to_dict()
    assert {(one.package_id, one.engine) for one in explanation.candidates} >= {
        ("onnx-fp32", "onnxruntime"),
        ("torch-script-fp32", "torch"),
        ("yolov8n.pt", None),
    }
    assert str(explanation).startswith("yolov8n-640")
    assert explanation.to_dict() == json.loads(program("explain", str(path), "--json"))
    assert "\n" not in repr(explanation)


def test_an_explanation_where_nothing_can_run(package):
    explanation = AutoModel.explain(package, backend="trt")
    assert explanation.chosen is None
    assert "nothing can run" in repr(explanation)


def test_a_model_s_description(tiny, package):
    description = tiny.description
    assert description.model_id == "tiny"
    assert description.location == package
    assert description.architecture == "yolov8"
    assert (tiny.task, description.task) == ("object-detection", "object-detection")
    assert (description.backend, description.engine, description.format) == ("openvino", "openvino", "onnx")
    assert (description.device, description.requested_device) == ("cpu", None)
    assert (description.precision, description.requested_precision) == ("fp32", None)
    assert description.max_batch_size == 1
    assert description.network_input.to_dict() == {"width": 32, "height": 32}
    assert description.runtime_library.is_file()
    assert description.to_dict()["explanation"] == tiny.explain().to_dict()
    assert tiny.explain().chosen.package_id == "tiny"
    assert tiny.class_names == ["thing"]
    assert repr(tiny).startswith("<ObjectDetectionModel tiny: tiny in openvino 20")


def test_what_was_asked_for_is_part_of_the_description(package):
    description = AutoModel.from_pretrained(package, device="cpu", threads=1).description
    assert (description.requested_device, description.threads) == ("cpu", 1)
