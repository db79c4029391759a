"""The model that comes with the package, by its id, beside what its network alone gives with OpenCV and numpy."""

import cv2
import numpy as np
import onnxruntime
import pytest
import zxingcpp
from support.detection_rows import assert_same, overlap, rows
from support.python_process import run_python

from inference_models import AutoModel, ModelNotFoundError, ObjectDetectionModel

MODEL = "codes-n-640"
SIDE = 640


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """So that the id is no path by chance."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def models():
    return {backend: AutoModel.from_pretrained(MODEL, backend=backend) for backend in ("onnx", "torch")}


@pytest.fixture(scope="module")
def photos(pictures):
    return [cv2.imread(str(path)) for path in pictures]


def test_the_id_is_a_model(models, photos):
    assert models["onnx"].description.package_id == "onnx-fp32"
    assert models["torch"].description.package_id == "torch-script-fp32"
    for model in (*models.values(), ObjectDetectionModel.from_pretrained(MODEL)):
        assert model.description.model_id == MODEL
        assert model.class_names == ["qr-code", "data-matrix", "aztec", "pdf417", "barcode"]
    assert sum(map(len, models["onnx"](photos))) > 0


def reference(session, photo, confidence=0.4, iou_threshold=0.3):
    """[x_min, y_min, x_max, y_max, confidence, class] of each object, the most certain first."""
    height, width = photo.shape[:2]
    scale = min(SIDE / width, SIDE / height)
    new_width, new_height = int(width * scale), int(height * scale)
    left, top = (SIDE - new_width) // 2, (SIDE - new_height) // 2
    canvas = np.full((SIDE, SIDE, 3), 114, np.uint8)
    canvas[top : top + new_height, left : left + new_width] = cv2.resize(photo, (new_width, new_height))
    network_input = canvas[None, :, :, ::-1].transpose(0, 3, 1, 2).astype(np.float32) / 255
    (output,) = session.run(None, {"images": network_input})
    assert output.shape == (1, 9, 8400)
    x, y, w, h, *scores = output[0]
    boxes = np.stack([x - w / 2 - left, y - h / 2 - top, x + w / 2 - left, y + h / 2 - top], 1)
    boxes *= np.tile([width / new_width, height / new_height], 2)
    scores = np.array(scores)
    found = []
    for i in np.argsort(-scores.max(0), kind="stable"):
        if scores[:, i].max() <= confidence:
            break
        new = [*boxes[i], scores[:, i].max(), scores[:, i].argmax()]
        if all(overlap(new, other) <= iou_threshold for other in found if other[5] == new[5]):
            found.append(new)
    found = np.array(found).reshape(-1, 6)
    found[:, :4] = found[:, :4].clip(0, [width, height] * 2)
    return found


@pytest.mark.parametrize("backend", ["onnx", "torch"])
def test_it_finds_what_its_network_finds(models, photos, backend):
    location = models["onnx"].description.location
    session = onnxruntime.InferenceSession(f"{location}/weights.onnx", providers=["CPUExecutionProvider"])
    for photo, found in zip(photos, models[backend](photos), strict=True):
        assert_same(found, reference(session, photo))


def test_it_finds_the_codes_that_a_reader_reads(models, photos):
    """Nothing less and nothing more, each as what it is, where the reader saw it."""
    kinds = {"QR Code": "qr-code", "Data Matrix": "data-matrix", "Aztec": "aztec", "PDF417": "pdf417"}
    for photo, found in zip(photos, models["onnx"](photos), strict=True):
        codes = zxingcpp.read_barcodes(photo)
        assert len(codes) == len(found) > 2
        for code in codes:
            at = code.position
            corners = np.array([(p.x, p.y) for p in (at.top_left, at.top_right, at.bottom_right, at.bottom_left)])
            overlaps = [overlap(box, [*corners.min(0), *corners.max(0)]) for box in found.xyxy]
            nearest = int(np.argmax(overlaps))
            assert overlaps[nearest] > 0.5
            assert models["onnx"].class_names[found.class_id[nearest]] == kinds.get(str(code.format), "barcode")


@pytest.mark.parametrize("backend", ["onnx", "torch"])
def test_several_pictures_in_one_run_are_as_one_by_one(models, photos, backend):
    model = models[backend]
    batch = [*photos, *(photo[::-1] for photo in photos), photos[0][:, ::-1]]
    assert model.description.max_batch_size > 1
    for photo, found in zip(batch, model(batch), strict=True):
        assert_same(found, rows(model(photo)[0]))


def test_int8_is_taken_only_when_asked_for(models, photos):
    assert AutoModel.from_pretrained(MODEL).description.precision == "fp32"
    for asked in ({"quantization": "int8"}, {"model_package_id": "onnx-int8"}):
        model = AutoModel.from_pretrained(MODEL, **asked)
        assert model.description.package_id == "onnx-int8"
        assert model.description.precision == "int8"
        assert model.description.max_batch_size == models["onnx"].description.max_batch_size
        raw = model.forward(model.pre_process(photos[0])[0])[0]
        exact = models["onnx"].forward(models["onnx"].pre_process(photos[0])[0])[0]
        assert raw.shape == exact.shape == (1, 9, 8400)
        assert np.abs(raw - exact).max() > 0  # another network really ran


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """Nobody is asked for other models."""
    monkeypatch.setenv("OFFLINE_MODE", "True")
    monkeypatch.setenv("INFERENCE_HOME", str(tmp_path))


@pytest.mark.parametrize("name", ["code-n-640", "Codes-N-640", "codes-n-64"])
def test_a_misspelled_id_is_recognised(name, offline):
    with pytest.raises(ModelNotFoundError) as caught:
        AutoModel.from_pretrained(name)
    assert f"Did you mean {MODEL}?" in caught.value.hint


@pytest.mark.parametrize("name", ["../models/codes-n-640", "codes-n-640/.", "codes-n-640/onnx-fp32", "a/b"])
def test_an_id_is_no_path_into_the_installation(name, offline):
    with pytest.raises(ModelNotFoundError):
        AutoModel.explain(name)


@pytest.mark.parametrize("backend", ["onnx", "torch"])
def test_no_socket_is_opened(pictures, without_sockets, backend):
    code = """
    import sys
    from inference_models import AutoModel
    model = AutoModel.from_pretrained("codes-n-640", backend=sys.argv[1])
    model(sys.argv[2])
    print(model.description.package_id)
    """
    assert run_python(code, backend, pictures[0], before=without_sockets).split()
