"""What is found in photos: the same as the peers find, and the same whatever kind of object holds the pixels."""

import json

import cv2
import numpy as np
import PIL.Image
import pytest
import torch

from inference_models import AutoModel

BOX_TOLERANCE = 0.02  # pixels
CONFIDENCE_TOLERANCE = 1e-4


def assert_same_objects(found, expected, box_tolerance):
    """Each expected object is found once, and nothing else is."""
    left = list(zip(found.xyxy, found.class_id, found.confidence, strict=True))
    for wanted in expected:
        matches = [
            i
            for i, (xyxy, class_id, confidence) in enumerate(left)
            if class_id == wanted["class_id"]
            and found.class_names[class_id] == wanted["class"]
            and abs(confidence - wanted["confidence"]) <= CONFIDENCE_TOLERANCE
            and np.abs(xyxy - wanted["xyxy"]).max() <= box_tolerance
        ]
        assert matches, f"{wanted} is not among {left}"
        left.pop(matches[0])
    assert not left, f"found but not expected: {left}"


def expected_objects(test_data, name, folder):
    document = json.loads((test_data / "expected" / name).read_text())
    return {test_data / folder / image: objects for image, objects in document["images"].items()}


@pytest.mark.parametrize(
    ("expected_file", "folder"),
    [("yolov8n_inference_models.json", "images"), ("crops_inference_models.json", "images/crops")],
)
def test_package_equals_inference_models(yolo, test_data, expected_file, folder):
    expected = expected_objects(test_data, expected_file, folder)
    for found, objects in zip(yolo(list(expected)), expected.values(), strict=True):
        assert_same_objects(found, objects, 0.5 + BOX_TOLERANCE)  # this peer rounds its boxes to whole pixels


@pytest.mark.parametrize(
    ("expected_file", "folder"),
    [("yolov8n_ultralytics.json", "images"), ("crops_ultralytics.json", "images/crops")],
)
def test_bare_onnx_file_equals_ultralytics(onnx_package, test_data, expected_file, folder):
    model = AutoModel.from_pretrained(onnx_package / "weights.onnx")
    expected = expected_objects(test_data, expected_file, folder)
    results = model(list(expected), confidence=0.25, iou_threshold=0.45)
    for found, objects in zip(results, expected.values(), strict=True):
        assert_same_objects(found, objects, BOX_TOLERANCE)


def kinds_of_one_image(image):
    """The pixels of a BGR array in every kind of object that is taken, by name."""
    rgb = np.ascontiguousarray(image[:, :, ::-1])
    hwc = torch.from_numpy(rgb)
    chw = hwc.permute(2, 0, 1)
    padded = np.zeros((image.shape[0], image.shape[1] + 7, 3), np.uint8)
    padded[:, :-7] = image
    bottom_up = np.ascontiguousarray(image[::-1])
    return {
        "read-only array": image,
        "writable array": image.copy(),
        "array with gaps between rows": padded[:, :-7],
        "array with rows upside down": bottom_up[::-1],
        "array with columns mirrored": np.ascontiguousarray(image[:, ::-1])[:, ::-1],
        "array of every second pixel": np.repeat(np.repeat(image, 2, axis=0), 2, axis=1)[::2, ::2],
        "array in Fortran's order": np.asfortranarray(image),
        "array of RGB seen as BGR": rgb[:, :, ::-1],
        "PIL image": PIL.Image.fromarray(rgb),
        "tensor HWC": hwc,
        "tensor CHW, a view": chw,
        "tensor CHW, dense": chw.contiguous(),
        "tensor of floats": chw.float(),
        "tensor of halves": chw.half(),
        "tensor of doubles, HWC": hwc.double(),
        "tensor with a gradient": chw.float().requires_grad_(),
    }


@pytest.mark.parametrize("folder", ["images", "images/crops"])
def test_the_same_pixels_give_the_same_objects(yolo, test_data, folder):
    for path in sorted(path for path in (test_data / folder).iterdir() if path.is_file()):
        image = cv2.imread(str(path))
        (expected,) = yolo(image)
        kinds = kinds_of_one_image(image)
        for (name, _), found in zip(kinds.items(), yolo(list(kinds.values())), strict=True):
            assert found == expected, f"{path.name} as {name}"
        for same in (path, str(path)):
            assert yolo(same) == [expected], path


def test_the_order_of_colors_can_be_said(yolo, photo):
    rgb = np.ascontiguousarray(photo[:, :, ::-1])
    expected = yolo(photo)
    assert yolo(rgb, input_color_format="rgb") == expected
    assert yolo(rgb) != expected
    assert yolo(torch.from_numpy(rgb)) == expected
    assert yolo(torch.tensor(photo), input_color_format="bgr") == expected
    # Files and PIL images know their order.
    assert yolo(PIL.Image.fromarray(rgb), input_color_format="bgr") == expected


def test_gray_images_are_images_of_three_equal_colors(yolo, photo):
    gray = cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY)
    expected = yolo(cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR))
    for image in (gray, gray[:, :, None], PIL.Image.fromarray(gray), torch.from_numpy(gray)[None]):
        assert yolo(image) == expected


def test_several_images_in_one_array_or_tensor(yolo, photo):
    images = np.stack([photo, photo[:, ::-1], photo[::-1]])
    expected = yolo([photo, photo[:, ::-1], photo[::-1]])
    assert len({len(found) for found in expected}) > 1
    assert yolo(images) == expected
    tensor = torch.from_numpy(images[..., ::-1].copy())
    assert yolo(tensor) == expected
    assert yolo(tensor.permute(0, 3, 1, 2)) == expected


def test_a_mixed_list_keeps_its_order(yolo, photo, photo_path):
    expected = yolo(photo)[0]
    upside_down = yolo(photo[::-1])[0]
    images = [
        photo_path,
        photo[::-1],
        str(photo_path),
        PIL.Image.open(photo_path),
        torch.from_numpy(photo[::-1].copy()),
    ]
    *found, of_tensor = yolo(images)
    assert found[:3] == [expected, upside_down, expected]
    assert len(found[3]) == len(expected)  # Pillow may decode a pixel a little otherwise
    assert of_tensor == yolo(photo[::-1], input_color_format="rgb")[0]
    assert yolo(tuple(images[:2])) == yolo(iter(images[:2])) == [expected, upside_down]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_files_are_turned_as_exif_says_and_pil_images_are_not(yolo, photo, tmp_path, orientation):
    path = tmp_path / "photo.jpg"
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    PIL.Image.fromarray(photo[:, :, ::-1]).save(path, exif=exif, quality=95)
    turned = cv2.imread(str(path), cv2.IMREAD_COLOR)
    as_stored = cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    assert yolo(path) == yolo(turned)
    rgb = np.asarray(PIL.Image.open(path))
    assert rgb.shape == as_stored.shape
    assert yolo(PIL.Image.open(path)) == yolo(np.ascontiguousarray(rgb[:, :, ::-1]))
