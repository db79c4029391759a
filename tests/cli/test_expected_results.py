"""`predict --json` against what two peers found on the same photos with the same weights."""

import json

import pytest

BOX_TOLERANCE = 0.02  # pixels
CONFIDENCE_TOLERANCE = 1e-4


def predictions(program, model, images, *options):
    run = program("predict", model, *images, "--json", *options)
    assert run.code == 0, run.stderr
    return run.json


def assert_same_objects(found, expected, name, box_tolerance):
    """Each expected object is found once, and nothing else is."""
    left = list(found)
    for wanted in expected:
        matches = [
            one
            for one in left
            if one["class_id"] == wanted["class_id"]
            and one["class"] == wanted["class"]
            and abs(one["confidence"] - wanted["confidence"]) <= CONFIDENCE_TOLERANCE
            and all(abs(a - b) <= box_tolerance for a, b in zip(one["xyxy"], wanted["xyxy"], strict=True))
        ]
        assert matches, f"{name}: {wanted} is not among {left}"
        left.remove(matches[0])
    assert not left, f"{name}: found but not expected: {left}"


@pytest.mark.parametrize(
    ("package", "backend"), [("onnx-fp32", "onnx"), ("torch-script-fp32", "torch"), ("onnx-fp32", "openvino")]
)
@pytest.mark.parametrize(
    ("expected_file", "folder"),
    [("yolov8n_inference_models.json", "images"), ("crops_inference_models.json", "images/crops")],
)
def test_package_equals_inference_models(program, test_data, expected_file, folder, package, backend):
    expected = json.loads((test_data / "expected" / expected_file).read_text())["images"]
    images = [test_data / folder / name for name in expected]
    found = predictions(program, test_data / "models/yolov8n-640" / package, images, "--backend", backend)
    assert [entry["image"]["path"] for entry in found] == [str(path) for path in images]
    for entry, (name, objects) in zip(found, expected.items(), strict=True):
        # This peer rounds its boxes to whole pixels.
        assert_same_objects(entry["predictions"], objects, name, 0.5 + BOX_TOLERANCE)


@pytest.mark.parametrize(
    ("expected_file", "folder"),
    [("yolov8n_ultralytics.json", "images"), ("crops_ultralytics.json", "images/crops")],
)
@pytest.mark.parametrize("backend", ["onnx", "openvino"])
def test_bare_onnx_file_equals_ultralytics(program, test_data, expected_file, folder, backend):
    expected = json.loads((test_data / "expected" / expected_file).read_text())["images"]
    images = [test_data / folder / name for name in expected]
    weights = test_data / "models/yolov8n-640/onnx-fp32/weights.onnx"
    found = predictions(program, weights, images, "--backend", backend, "--confidence", "0.25", "--iou", "0.45")
    for entry, (name, objects) in zip(found, expected.items(), strict=True):
        assert_same_objects(entry["predictions"], objects, name, BOX_TOLERANCE)


def test_document_has_all_its_parts(program, test_data):
    photo = test_data / "images/bus.jpg"
    (entry,) = predictions(program, test_data / "models/yolov8n-640", [photo])
    assert entry["image"] == {"path": str(photo), "width": 810, "height": 1080}
    assert entry["model"] == {
        "id": "yolov8n-640",
        "backend": "openvino",
        "engine": "openvino",
        "device": "cpu",
        "precision": "fp32",
    }
    assert set(entry["timing_ms"]) == {"decode", "pre_process", "forward", "post_process"}
    assert all(time > 0 for time in entry["timing_ms"].values())
