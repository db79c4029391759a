"""Other sizes than a package's own, and rectangles, against ONNX Runtime, OpenCV and numpy on their own."""

import json
import shutil

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from support.detection_rows import assert_same, overlap, rows
from support.dynamic_detector import make_dynamic
from support.letterbox import letterbox_ultralytics
from support.tiny_models import SIDE, write_descriptions, write_package
from support.weights_api import Package, WeightsApi, package_files

from inference_models import (
    AutoModel,
    InvalidParameterError,
    ModelRuntimeError,
    NoModelPackagesAvailableError,
)

pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")

LIKE_ULTRALYTICS = {"confidence": 0.25, "iou_threshold": 0.7}


@pytest.fixture(scope="session")
def dynamic(onnx_package, tmp_path_factory):
    """The real detector as Ultralytics exports it with dynamic=True."""
    return make_dynamic(onnx_package / "weights.onnx", tmp_path_factory.mktemp("models") / "yolov8n.onnx")


@pytest.fixture(scope="session")
def session(dynamic):
    return onnxruntime.InferenceSession(dynamic, providers=["CPUExecutionProvider"])


@pytest.fixture(scope="session")
def rect(dynamic):
    return AutoModel.from_pretrained(dynamic, rect=True)


@pytest.fixture(scope="session")
def pictures_by_name(test_data):
    return {path.name: cv2.imread(str(path)) for path in sorted((test_data / "images").rglob("*.*g"))}


def reference(session, image, size, stride):
    """Rows of (x1, y1, x2, y2, score, class) as Ultralytics finds them: no stride for no rectangle."""
    height, width = image.shape[:2]
    picture, left, top = letterbox_ultralytics(image, size, stride or max(size) * 1000)
    values = picture[None, :, :, ::-1].transpose(0, 3, 1, 2).astype(np.float32) / 255
    (output,) = session.run(None, {"images": np.ascontiguousarray(values)})
    boxes, scores = output[0, :4].T, output[0, 4:]
    ratio = min(size[0] / height, size[1] / width)
    scale = np.array([round(width * ratio) / width, round(height * ratio) / height])
    corners = np.hstack([boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2])
    best = scores.max(0)
    found = []
    for i in np.argsort(-best, kind="stable"):
        if best[i] <= LIKE_ULTRALYTICS["confidence"]:
            break
        new = [*corners[i], best[i], scores[:, i].argmax()]
        if all(overlap(new, one) <= LIKE_ULTRALYTICS["iou_threshold"] for one in found if one[5] == new[5]):
            found.append(new)
    found = np.array(found).reshape(-1, 6)
    found[:, :4] = (found[:, :4] - [left, top] * 2) / np.tile(scale, 2)
    found[:, :4] = found[:, :4].clip(0, [width, height] * 2)
    return found, picture.shape[:2]


# --- What is found -----------------------------------------------------------------------------------------------


def test_the_dynamic_network_is_the_fixed_one(session, onnx_package):
    """What the tests below rest on."""
    fixed = onnxruntime.InferenceSession(onnx_package / "weights.onnx", providers=["CPUExecutionProvider"])
    values = {"images": np.random.default_rng(0).random((1, 3, 640, 640), np.float32)}
    np.testing.assert_array_equal(session.run(None, values)[0], fixed.run(None, values)[0])


def test_rect_makes_the_inputs_that_ultralytics_prints(dynamic, rect, pictures_by_name):
    """`yolo predict model=yolov8n.pt` prints `bus.jpg: 640x480` and `zidane.jpg: 384x640`."""
    bus, zidane = pictures_by_name["bus.jpg"], pictures_by_name["zidane.jpg"]
    assert rect.pre_process(bus)[0].shape == (1, 3, 640, 480)
    assert rect.pre_process(zidane)[0].shape == (1, 3, 384, 640)
    assert rect(bus) != AutoModel.from_pretrained(dynamic)(bus)  # the network sees less grey


def test_rect_equals_ultralytics_rule_on_photos_and_crops(rect, session, pictures_by_name):
    sizes = set()
    for name, image in pictures_by_name.items():
        expected, size = reference(session, image, (640, 640), 32)
        assert_same(rect(image, **LIKE_ULTRALYTICS)[0], expected)
        geometry = rect.pre_process(image)[1][0]
        assert (geometry.network_size.height, geometry.network_size.width) == size, name
        sizes.add(size)
    assert len(sizes) > 5


@pytest.mark.parametrize("asked", [320, 1280, (480, 640), (640, 352), (32, 32)])
@pytest.mark.parametrize("is_rect", [False, True])
def test_other_sizes_equal_ultralytics_rule(dynamic, session, pictures_by_name, asked, is_rect):
    model = AutoModel.from_pretrained(dynamic, image_size=asked, rect=is_rect)
    height, width = (asked, asked) if isinstance(asked, int) else asked
    assert model.description.network_input.to_dict() == {"width": width, "height": height}
    assert model.description.rect is is_rect
    for name in ("bus.jpg", "zidane.jpg", "crop_01_641x449.png"):
        expected, _ = reference(session, pictures_by_name[name], (height, width), 32 if is_rect else None)
        assert_same(model(pictures_by_name[name], **LIKE_ULTRALYTICS)[0], expected)


def test_images_of_all_sizes_in_one_call_are_as_one_by_one(rect, pictures_by_name):
    images = [*pictures_by_name.values(), *(np.rot90(each).copy() for each in pictures_by_name.values())]
    for image, found in zip(images, rect(images, **LIKE_ULTRALYTICS), strict=True):
        assert_same(found, rows(rect(image, **LIKE_ULTRALYTICS)[0]))


def test_a_square_stays_a_square(dynamic, rect, photo):
    square = photo[:800, :800]
    assert rect(square) == AutoModel.from_pretrained(dynamic)(square)


def test_the_stages_one_by_one(rect, photo, pictures_by_name):
    array, metadata = rect.pre_process([photo, photo[:, ::-1]])
    assert array.shape == (2, 3, 640, 480)
    assert rect.post_process(rect.forward(array), metadata) == rect([photo, photo[:, ::-1]])
    with pytest.raises(InvalidParameterError, match="2 sizes, 480x640 and 640x384 among them") as caught:
        rect.pre_process([photo, pictures_by_name["zidane.jpg"]])
    assert "once for the images of each size" in caught.value.hint
    for shape in [(1, 3, 640, 672), (1, 3, 640, 470), (1, 3, 640), (0, 3, 672, 640)]:
        with pytest.raises(InvalidParameterError, match="or smaller multiples of 32"):
            rect.forward(np.zeros(shape, np.float32))


def test_the_program_has_the_same_options(program, dynamic, rect, photo_path, photo):
    def found(*options):
        run = program("predict", dynamic, photo_path, "--json", "--confidence", "0.25", "--iou", "0.7", *options)
        assert run.code == 0, run.stderr
        return np.array([[*one["xyxy"], one["confidence"], one["class_id"]] for one in run.json[0]["predictions"]])

    assert_same(rect(photo, **LIKE_ULTRALYTICS)[0], found("--rect"))
    model = AutoModel.from_pretrained(dynamic, image_size=(480, 640), rect=True)
    assert_same(model(photo, **LIKE_ULTRALYTICS)[0], found("--rect", "--image-size", "480x640"))
    model = AutoModel.from_pretrained(dynamic, image_size=320)
    assert_same(model(photo, **LIKE_ULTRALYTICS)[0], found("--image-size", "320"))


@pytest.mark.parametrize("image_size", [None, (960, 1280)])
def test_the_bundled_model_finds_the_same_in_both_engines(pictures, image_size):
    images = [cv2.imread(str(path)) for path in pictures]
    images.append(images[0][:, :500].copy())
    onnx_model, torch_model = (
        AutoModel.from_pretrained("codes-n-640", backend=backend, image_size=image_size, rect=True)
        for backend in ("onnx", "torch")
    )
    for found, expected in zip(torch_model(images), onnx_model(images), strict=True):
        assert len(expected) > 0
        assert_same(found, rows(expected))


# --- TorchScript, of which its package tells ----------------------------------------------------------------------


class Detector(torch.nn.Module):
    """A convolution whose output has the shape of a detector with one class: [batch, 5, points]."""

    def __init__(self):
        super().__init__()
        self.convolution = torch.nn.Conv2d(3, 5, 8, 8)

    def forward(self, images):
        return torch.sigmoid(self.convolution(images)).flatten(2)


class ForOneSize(Detector):
    """Holds a constant of its input's size, as traced detectors do."""

    def __init__(self, points):
        super().__init__()
        self.points = points

    def forward(self, images):
        return torch.sigmoid(self.convolution(images)).flatten(2) + torch.ones(1, 5, self.points)


def takes_multiples_of(stride, package):
    """Lets a package say so."""
    config = json.loads((package / "inference_config.json").read_text())
    config["network_input"]["dynamic_spatial_size_supported"] = True
    config["network_input"]["dynamic_spatial_size_mode"] = {"type": "pad-to-be-divisible", "value": stride}
    (package / "inference_config.json").write_text(json.dumps(config))


@pytest.fixture
def torch_package(tmp_path):
    """Writes a module as a package that says it takes multiples of 8."""

    def write(module):
        directory = tmp_path / "torch"
        write_descriptions(directory, "torch-script")
        takes_multiples_of(8, directory)
        torch.jit.script(module.eval()).save(str(directory / "weights.torchscript"))
        return directory

    return write


def test_torch_script_takes_the_sizes_that_its_package_states(torch_package):
    detector = Detector()
    package = torch_package(detector)
    model = AutoModel.from_pretrained(package, image_size=(24, 40), rect=True)
    for shape, size in [((24, 40), (24, 40)), ((48, 20), (24, 16)), ((10, 400), (8, 40)), ((24, 40), (24, 40))]:
        image = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
        array, _ = model.pre_process(image)
        assert array.shape == (1, 3, *size)
        with torch.inference_mode():
            expected = detector(torch.from_numpy(array)).numpy()
        np.testing.assert_allclose(model.forward(array)[0], expected, atol=1e-6)
        assert len(model(image, confidence=0.0, iou_threshold=1.0)[0]) == expected.shape[2]


def test_a_network_that_does_not_keep_the_word_of_its_package_fails_while_loading(torch_package):
    package = torch_package(ForOneSize((SIDE // 8) ** 2))
    AutoModel.from_pretrained(package)
    with pytest.raises(ModelRuntimeError, match="size of tensor"):
        AutoModel.from_pretrained(package, image_size=40)


def test_a_network_that_only_seems_to_take_other_sizes_fails_while_loading(onnx_package, tmp_path):
    network = onnx.load(onnx_package / "weights.onnx")  # its head holds the shape in constants
    for axis in (2, 3):
        network.graph.input[0].type.tensor_type.shape.dim[axis].dim_param = f"side{axis}"
    onnx.save(network, tmp_path / "best.onnx")
    AutoModel.from_pretrained(tmp_path / "best.onnx", backend="onnx")
    with pytest.raises(ModelRuntimeError, match="shape"):
        AutoModel.from_pretrained(tmp_path / "best.onnx", backend="onnx", image_size=320)


# --- Packages that take one size ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "reason", "remedy"),
    [
        (
            {"image_size": 320},
            "image_size=320x320 was asked for, this package takes 32x32 alone",
            "use image_size=32x32, which runs here",
        ),
        ({"rect": True}, "rect=True was asked for, this package takes 32x32 alone", "leave rect out, which runs here"),
    ],
)
def test_a_package_of_one_size_is_rejected_with_what_it_takes(package, options, reason, remedy):
    candidate = AutoModel.explain(package, backend="onnx", **options).candidates[0]
    assert (candidate.status, candidate.reason, candidate.remedy) == ("rejected", reason, remedy)
    with pytest.raises(NoModelPackagesAvailableError) as caught:
        AutoModel.from_pretrained(package, backend="onnx", **options)
    assert reason in str(caught.value)
    assert remedy in str(caught.value)


def test_who_exported_a_file_is_told_how_it_takes_other_sizes(onnx_package):
    explanation = AutoModel.explain(onnx_package / "weights.onnx", image_size=(480, 640))
    assert explanation.candidates[0].reason == (
        "image_size=480x640 was asked for, this package takes 640x640 alone, since it was exported without dynamic=True"
    )


def test_the_packages_own_size_may_be_asked_for(package):
    model = AutoModel.from_pretrained(package, image_size=(SIDE, SIDE))
    assert model.description.network_input.to_dict() == {"width": SIDE, "height": SIDE}


def test_sizes_that_are_no_multiples_of_the_stride(dynamic):
    candidate = AutoModel.explain(dynamic, image_size=(650, 640), backend="onnx").candidates[0]
    assert candidate.reason == "image_size=650x640 was asked for, this package takes multiples of 32"
    assert candidate.remedy == "use image_size=672x640, which runs here"


def test_a_package_that_is_not_here_yet_is_judged_when_it_is(tmp_path, monkeypatch):
    """One that turns out to take another size alone is told so in the same words, and the next one is taken."""
    fixed = write_package(tmp_path / "fixed")
    free = shutil.copytree(fixed, tmp_path / "free")
    takes_multiples_of(8, free)
    network = onnx.load(free / "weights.onnx")
    for axis in (2, 3):
        network.graph.input[0].type.tensor_type.shape.dim[axis].dim_param = f"side{axis}"
    onnx.save(network, free / "weights.onnx")
    monkeypatch.setenv("INFERENCE_HOME", str(tmp_path / "cache"))
    reason = "image_size=64x64 was asked for, this package takes 32x32 alone"
    options = {"image_size": 64, "backend": "onnx", "api_key": "key"}
    packages = [Package("a1", package_files(fixed)), Package("b2", package_files(free))]
    with WeightsApi("tiny-detector-32", packages).running() as server:
        monkeypatch.setenv("ROBOFLOW_API_HOST", server.url)
        assert AutoModel.explain("tiny-detector-32", **options).chosen.package_id == "a1"  # nothing is known of it
        model = AutoModel.from_pretrained("tiny-detector-32", **options)
        assert model.description.package_id == "b2"
        assert model.description.network_input.width == 64
        assert any(reason in note for note in model.description.explanation.notes)
        # What was chosen is not remembered for another request.
        assert (
            AutoModel.from_pretrained("tiny-detector-32", backend="onnx", api_key="key").description.package_id == "a1"
        )
        with pytest.raises(NoModelPackagesAvailableError, match=reason) as caught:
            AutoModel.from_pretrained("tiny-detector-32", model_package_id="a1", **options)
    assert caught.value.hint == "Use image_size=32x32."


# --- Wrong values -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "image_size = 0"),
        (-32, "image_size = -32"),
        (2**40, "image_size = 1099511627776"),
        (16_385, "image_size = 16385x16385"),
        ((640, 0), "image_size = 0"),
        ((640, 640, 3), "image_size"),
        ((640,), "image_size"),
        (640.5, "image_size"),
        ("640", "image_size"),
        (True, "image_size"),
    ],
)
def test_wrong_sizes(package, value, said):
    with pytest.raises(InvalidParameterError, match=said):
        AutoModel.explain(package, image_size=value)


@pytest.mark.parametrize("word", ["big", "640x", "x640", "640x480x3", "6.4", "640,480", ""])
def test_wrong_sizes_of_the_program(program, package, word):
    run = program("explain", package, "--image-size=" + word)
    if word:
        assert run.error_kind == "invalid_argument"
        assert "HEIGHTxWIDTH" in run.hint
    assert run.code != 0
