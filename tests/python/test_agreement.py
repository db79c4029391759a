"""Comparing the candidates of a model from Python: the program's report as data."""

import json

import numpy as np
import pytest
from support.tiny_models import png, tiny_detector, write_package

from inference_models import AutoModel, InvalidParameterError, ModelInputError


@pytest.fixture
def model(tmp_path):
    """Package a is the reference; b finds its box half a pixel taller, and another one."""
    for name in ("a", "b"):
        write_package(tmp_path / "model" / name)
    tiny_detector(tmp_path / "model/b/weights.onnx", [[16, 28], [16, 28], [8, 4], [9, 4], [0.9, 0.6]])
    return tmp_path / "model"


@pytest.fixture
def image():
    return np.full((32, 32, 3), 90, np.uint8)


def test_the_report_is_data(model, image):
    report = AutoModel.verify(model, image, backend="onnx")
    assert report.verdict == "falls-short"
    assert (report.model_id, report.images, report.confidence) == ("model", 1, pytest.approx(0.4))
    assert (report.reference.package_id, report.reference.engine, report.reference.objects) == ("a", "onnxruntime", 1)
    (candidate,) = report.candidates
    assert (candidate.package_id, candidate.precision, candidate.verdict) == ("b", "fp32", "falls-short")
    assert candidate.agreement.largest_shift == 0.5
    assert (candidate.agreement.matched_objects, candidate.agreement.missing_objects) == (1, 0)
    assert candidate.agreement.extra_objects == 1
    assert (candidate.gate.largest_shift, candidate.gate.smallest_iou) == (0.1, None)
    assert candidate.worst_image == "image 0"
    assert {one.engine for one in report.not_run} >= {"onnxruntime"}
    assert all(one.reason and one.precisions for one in report.not_run)
    assert "\n" not in repr(report)
    assert str(report).splitlines()[-1].startswith("FAIL: ")
    assert json.loads(report.to_json()) == report.to_dict()
    with pytest.raises(AttributeError):
        report.verdict = "passes"


def test_a_candidate_that_cannot_be_loaded_has_no_agreement(model, image):
    (model / "b/class_names.txt").write_text("one\ntwo\n")
    (candidate,) = AutoModel.verify(model, image, backend="onnx").candidates
    assert candidate.agreement is None
    assert "class_names.txt" in candidate.reason
    assert "agreement=None" in repr(candidate)


def test_images_of_all_kinds_have_names(model, image, tmp_path):
    """The second and the third image are larger, so that the box moves further in them."""
    path = tmp_path / "photo.png"
    path.write_bytes(png(64, 64))
    (candidate,) = AutoModel.verify(model, [image, path], backend="onnx", confidence=0.7).candidates
    assert candidate.worst_image == str(path)
    assert candidate.agreement.largest_shift == 1
    larger = np.full((96, 96, 3), 90, np.uint8)
    report = AutoModel.verify(model, iter([image, path, larger]), backend="onnx", confidence=0.7)
    assert report.images == 3
    assert report.candidates[0].worst_image == "image 2"


def test_images_without_objects_prove_nothing(model, image):
    report = AutoModel.verify(model, image, backend="onnx", confidence=0.95)
    assert report.verdict == "proves-nothing"


def test_wrong_arguments_are_errors(model, image):
    with pytest.raises(InvalidParameterError, match="no images"):
        AutoModel.verify(model, [])
    with pytest.raises(InvalidParameterError, match="confidence"):
        AutoModel.verify(model, image, confidence=2)
    with pytest.raises(TypeError, match="did you mean 'iou_threshold'"):
        AutoModel.verify(model, image, iou_treshold=0.5)
    with pytest.raises(ModelInputError, match="image 1"):
        AutoModel.verify(model, [image, "missing.png"])


def test_it_is_what_the_program_says(program, test_data):
    model, photo = test_data / "models/yolov8n-640", test_data / "images/bus.jpg"
    ours = AutoModel.verify(model, photo, precision="fp32")
    assert ours.verdict == "passes"
    assert ours.to_dict() == program("verify", model, photo, "--precision", "fp32", "--json").json
