"""Options: what is taken, and how a wrong one is told."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from support.tiny_models import SIDE, tiny_detector, write_package

from inference_models import (
    AutoModel,
    BackendType,
    BaseInferenceModelsError,
    Goal,
    InvalidParameterError,
    InvalidRequestedBatchSizeError,
    NoModelPackagesAvailableError,
    ObjectDetectionModel,
    Precision,
    Quantization,
    UnknownBackendTypeError,
    UnknownQuantizationError,
)

IMAGE = np.zeros((SIDE, SIDE, 3), np.uint8)


# --- of a call ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def two_things(tmp_path_factory):
    """Finds two things that overlap by a third, with confidences 0.9 and 0.5."""
    package = write_package(tmp_path_factory.mktemp("models") / "two")
    tiny_detector(package / "weights.onnx", [[12, 16], [16, 16], [8, 8], [8, 8], [0.9, 0.5]])
    return AutoModel.from_pretrained(package)


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({}, 1),
        ({"iou_threshold": 0.4}, 2),
        ({"iou_threshold": 0.4, "confidence": 0.6}, 1),
        ({"iou_threshold": 0.4, "confidence": 0}, 2),
        ({"iou_threshold": 0.4, "confidence": 1}, 0),
        ({"iou_threshold": 0.4, "max_detections": 1}, 1),
        ({"iou_threshold": np.float32(0.4), "confidence": np.float64(0.6)}, 1),
        ({"iou_threshold": np.float16(0.4), "max_detections": np.int64(1)}, 1),
        ({"iou_threshold": torch.tensor(0.4), "class_agnostic_nms": np.True_}, 2),
        ({"iou_threshold": 0.4, "max_detections": 2**40}, 2),
    ],
)
def test_options_of_a_call(two_things, options, count):
    assert len(two_things(IMAGE, **options)[0]) == count
    assert len(two_things.infer(IMAGE, **options)[0]) == count
    outputs, metadata = stages(two_things)
    assert len(two_things.post_process(outputs, metadata, **options)[0]) == count


def stages(model):
    array, metadata = model.pre_process(IMAGE)
    return model.forward(array), metadata


@pytest.mark.parametrize(
    ("options", "message", "hint"),
    [
        ({"confidence": "hi"}, "confidence = 'hi' is of the wrong type", "a number"),
        ({"confidence": None}, "confidence = None is of the wrong type", "a number"),
        ({"confidence": True}, "confidence = True is of the wrong type", "a number"),
        ({"confidence": [0.4]}, "confidence = [0.4] is of the wrong type", "a number"),
        ({"confidence": 1.5}, "confidence = 1.5", "0 to 1"),
        ({"confidence": -1}, "confidence = -1", "0 to 1"),
        ({"confidence": float("nan")}, "confidence = nan", "0 to 1"),
        ({"iou_threshold": "0.3"}, "iou_threshold = '0.3' is of the wrong type", "a number"),
        ({"iou_threshold": 2}, "iou_threshold = 2", "0 to 1"),
        ({"max_detections": 0}, "max_detections = 0", "at least 1"),
        ({"max_detections": -(2**40)}, "max_detections = -", "at least 1"),
        ({"max_detections": 2**70}, "max_detections = 1180591620717411303424", "64 bits"),
        ({"max_detections": 10.0}, "max_detections = 10.0 is of the wrong type", "a whole number"),
        ({"max_detections": "many"}, "max_detections = 'many' is of the wrong type", "a whole number"),
        ({"class_agnostic_nms": "no"}, "class_agnostic_nms = 'no' is of the wrong type", "True or False"),
        ({"class_agnostic_nms": 1}, "class_agnostic_nms = 1 is of the wrong type", "True or False"),
    ],
)
def test_wrong_options_of_a_call(tiny, options, message, hint):
    outputs, metadata = stages(tiny)
    for call in (lambda: tiny(IMAGE, **options), lambda: tiny.post_process(outputs, metadata, **options)):
        with pytest.raises(InvalidParameterError) as caught:
            call()
        assert message in caught.value.message
        assert hint in caught.value.hint
        assert caught.value.subject == next(iter(options))


@pytest.mark.parametrize("value", ["bgra", "", 3, b"rgb"])
def test_wrong_color_formats(tiny, value):
    for call in (tiny, tiny.pre_process):
        with pytest.raises(InvalidParameterError) as caught:
            call(IMAGE, input_color_format=value)
        assert caught.value.subject == "input_color_format"


def test_the_defaults_are_those_of_the_program(tiny):
    """They are written down in C++ and in Python's signature; the program prints the former."""
    program = Path(sys.executable).with_name("inference-models")
    text = subprocess.run([program, "predict", "--help"], capture_output=True, text=True, check=True).stdout
    defaults = type(tiny).infer.__wrapped__.__kwdefaults__
    for option in ("confidence", "iou-threshold", "max-detections"):
        printed = re.search(rf"--{option} \w+=(\S+)", text).group(1)
        assert float(printed) == defaults[option.replace("-", "_")]
    assert defaults == type(tiny).post_process.__wrapped__.__kwdefaults__ | {"input_color_format": None}
    assert defaults["class_agnostic_nms"] is False


# --- of loading --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "backend"),
    [
        ({}, "openvino"),
        ({"backend": "onnx"}, "onnx"),
        ({"backend": "ONNX"}, "onnx"),
        ({"backend": BackendType.ONNX}, "onnx"),
        ({"backend": ["trt", BackendType.ONNX]}, "onnx"),
        ({"backend": ("trt", "Onnx")}, "onnx"),
        ({"backend": []}, "openvino"),
        ({"model_package_id": "tiny"}, "openvino"),
        ({"batch_size": 1}, "openvino"),
        ({"batch_size": np.int32(1)}, "openvino"),
        ({"goal": "throughput"}, "openvino"),
        ({"goal": Goal.STARTUP}, "openvino"),
        ({"goal": None, "tune": False}, "openvino"),
        ({"device": "cpu"}, "openvino"),
        ({"device": "CPU"}, "openvino"),
        ({"device": torch.device("cpu")}, "openvino"),
        ({"threads": 1}, "openvino"),
        ({"onnx_execution_providers": ["CPUExecutionProvider"]}, "onnx"),
        ({"onnx_execution_providers": [("CPUExecutionProvider", {})]}, "onnx"),
    ],
)
@pytest.mark.parametrize("loader", [AutoModel, ObjectDetectionModel])
def test_options_of_loading(package, loader, options, backend):
    model = loader.from_pretrained(package, **options)
    assert model.description.backend == backend
    assert len(model(IMAGE)[0]) == 1
    assert AutoModel.explain(package, **options).chosen.package_id == "tiny"


@pytest.mark.parametrize(
    ("options", "error", "subject", "text"),
    [
        ({"backend": "tensorflow"}, UnknownBackendTypeError, "backend", "tensorflow"),
        ({"backend": ["onnx", "tf"]}, UnknownBackendTypeError, "backend", "tf"),
        ({"backend": 3}, UnknownBackendTypeError, "backend", "3"),
        ({"quantization": "fp8"}, UnknownQuantizationError, "quantization", "fp8"),
        ({"quantization": [None]}, UnknownQuantizationError, "quantization", "None"),
        ({"precision": "fp8"}, InvalidParameterError, "precision", "fp8"),
        ({"precision": ["fp32"]}, InvalidParameterError, "precision", "['fp32']"),
        ({"goal": "speed"}, InvalidParameterError, "goal", "speed"),
        ({"goal": ["latency"]}, InvalidParameterError, "goal", "['latency']"),
        ({"tune": "yes"}, InvalidParameterError, "tune", "yes"),
        ({"batch_size": 0}, InvalidRequestedBatchSizeError, "batch_size", "0"),
        ({"batch_size": (1, 2, 3)}, InvalidRequestedBatchSizeError, "batch_size", "(1, 2, 3)"),
        ({"batch_size": (4, 1)}, InvalidRequestedBatchSizeError, "batch_size", "4..1"),
        ({"batch_size": True}, InvalidRequestedBatchSizeError, "batch_size", "True"),
        ({"threads": 0}, InvalidParameterError, "threads", "0"),
        ({"threads": -1}, InvalidParameterError, "threads", "-1"),
        ({"threads": 2**33}, InvalidParameterError, "threads", "8589934592"),
        ({"threads": 1.5}, InvalidParameterError, "threads", "1.5"),
        ({"device": "gpu"}, InvalidParameterError, "device", "gpu"),
        ({"device": 0}, InvalidParameterError, "device", "0"),
        ({"device": torch.device("meta")}, InvalidParameterError, "device", "meta"),
        ({"model_package_id": 1}, InvalidParameterError, "model_package_id", "1"),
        (
            {"onnx_execution_providers": "CPUExecutionProvider"},
            InvalidParameterError,
            "onnx_execution_providers",
            "CPUExecutionProvider",
        ),
        ({"onnx_execution_providers": [1]}, InvalidParameterError, "onnx_execution_providers", "1"),
        ({"onnx_execution_providers": [("a",)]}, InvalidParameterError, "onnx_execution_providers", "('a',)"),
        ({"onnx_execution_providers": [("a", [])]}, InvalidParameterError, "onnx_execution_providers", "('a', [])"),
    ],
)
@pytest.mark.parametrize("call", [AutoModel.from_pretrained, AutoModel.explain, ObjectDetectionModel.from_pretrained])
def test_wrong_options_of_loading(package, call, options, error, subject, text):
    with pytest.raises(error) as caught:
        call(package, **options)
    assert type(caught.value) is error
    assert caught.value.subject == subject
    assert text in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("path", [None, 7, b"model"])
def test_wrong_types_of_path(path):
    with pytest.raises(InvalidParameterError, match="model_id_or_path"):
        AutoModel.from_pretrained(path)
    with pytest.raises(InvalidParameterError, match="model_id_or_path"):
        AutoModel.explain(path)


@pytest.mark.parametrize("device", ["cuda:7", torch.device("cuda:7")])
def test_a_device_that_is_not_there(package, device):
    with pytest.raises(NoModelPackagesAvailableError, match="cuda:7"):
        AutoModel.from_pretrained(package, device=device)


def test_an_execution_provider_that_is_not_there(package):
    with pytest.raises(BaseInferenceModelsError, match="NoSuchExecutionProvider"):
        AutoModel.from_pretrained(package, onnx_execution_providers=[("NoSuchExecutionProvider", {"device_id": 0})])


def test_a_quantization_that_is_not_there(package):
    with pytest.raises(NoModelPackagesAvailableError, match="int8"):
        AutoModel.from_pretrained(package, quantization=[Quantization.INT8])


def test_a_precision_that_the_engine_does_not_compute(package):
    with pytest.raises(
        NoModelPackagesAvailableError, match="ONNX Runtime computes this fp32 package in fp32"
    ) as caught:
        AutoModel.from_pretrained(package, backend="onnx", precision="bf16")
    assert "precision=fp32, which runs here" in caught.value.hint


@pytest.mark.parametrize(
    ("precision", "told"), [("fp32", "fp32"), (Precision.FP32, "fp32"), ("fastest", "fastest"), (None, None)]
)
def test_the_precision_asked_and_the_one_that_came_of_it(package, precision, told):
    description = AutoModel.from_pretrained(package, backend="onnx", precision=precision).description
    assert (description.requested_precision, description.precision) == (told, "fp32")
    assert description.explanation.chosen.precision == "fp32"


def test_paths_of_every_kind(package, monkeypatch):
    monkeypatch.chdir(package.parent)
    for path in ("tiny", package, str(package), os.fspath(package)):
        assert AutoModel.from_pretrained(path).description.model_id == "tiny"


# --- unknown keywords --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "meant"),
    [
        (lambda model, path: model(IMAGE, confidance=0.5), "'confidence'"),
        (lambda model, path: model.infer(IMAGE, iou=0.5), "'iou_threshold'"),
        (lambda model, path: model.pre_process(IMAGE, input_colour_format="rgb"), "'input_color_format'"),
        (lambda model, path: model.post_process([], [], max_detection=1), "'max_detections'"),
        (lambda model, path: model.forward(imput=IMAGE), "'input'"),
        (lambda model, path: AutoModel.from_pretrained(path, backends="onnx"), "'backend'"),
        (lambda model, path: AutoModel.explain(path, quantisation="fp32"), "'quantization'"),
        (lambda model, path: ObjectDetectionModel.from_pretrained(path, batchsize=1), "'batch_size'"),
    ],
)
def test_unknown_keywords_suggest_what_was_meant(tiny, package, call, meant):
    with pytest.raises(TypeError, match=f"unexpected keyword argument '.*'; did you mean {meant}"):
        call(tiny, package)


def test_a_keyword_like_no_other_has_no_suggestion(package):
    with pytest.raises(TypeError, match=r"unexpected keyword argument 'zoom'$"):
        AutoModel.from_pretrained(package, zoom=2)
