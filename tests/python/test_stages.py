"""The three stages of a call, one by one."""

import numpy as np
import pytest

from inference_models import InvalidParameterError, ModelInputError


@pytest.mark.parametrize("count", [1, 3])
def test_the_chain_equals_infer(yolo, photo, count):
    images = [photo, photo[:, ::-1], photo[:300]][:count]
    array, metadata = yolo.pre_process(images)
    assert (array.dtype, array.shape) == (np.float32, (count, 3, 640, 640))
    assert len(metadata) == count
    outputs = yolo.forward(array)
    assert [output.shape[0] for output in outputs] == [count] * len(outputs)
    assert yolo.post_process(outputs, metadata) == yolo(images)
    options = {"confidence": 0.2, "iou_threshold": 0.6, "max_detections": 7, "class_agnostic_nms": True}
    assert yolo.post_process(outputs, metadata, **options) == yolo(images, **options)


def test_what_the_stages_give_outlives_them(yolo, photo):
    array, (geometry,) = yolo.pre_process(photo)
    before = array.copy()
    yolo.pre_process(photo[::-1])
    assert np.array_equal(array, before)
    assert (geometry.original_size.width, geometry.original_size.height) == (810, 1080)
    assert geometry.network_size.to_dict() == {"width": 640, "height": 640}
    assert geometry.pad_left == 80
    assert geometry.to_dict()["scale_x"] == pytest.approx(480 / 810)
    assert "original_size=ImageSize(width=810, height=1080)" in repr(geometry)


def test_a_changed_input_is_what_runs(yolo, photo):
    array, metadata = yolo.pre_process(photo)
    mirrored = array[..., ::-1]  # not dense
    found = yolo.post_process(yolo.forward(mirrored), metadata)
    assert len(found[0]) > 0
    assert found == yolo.post_process(yolo.forward(mirrored.copy()), metadata)
    assert found != yolo(photo)


def test_no_images(yolo):
    array, metadata = yolo.pre_process([])
    assert array.shape == (0, 3, 640, 640)
    assert metadata == []


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (np.zeros((1, 3, 640, 641), np.float32), "641"),
        (np.zeros((1, 3, 640, 640), np.float64), "float64"),
        (np.zeros((3, 640, 640), np.float32), "[3, 640, 640]"),
        (np.array(["text"]), "input"),
        ([[1, 2], [3]], "input"),
        (None, "input"),
    ],
)
def test_wrong_inputs_of_forward(yolo, value, named):
    with pytest.raises(InvalidParameterError) as caught:
        yolo.forward(value)
    assert named in caught.value.message
    assert caught.value.hint


def test_outputs_of_other_images(yolo, photo):
    array, metadata = yolo.pre_process([photo, photo])
    outputs = yolo.forward(array)
    with pytest.raises(InvalidParameterError, match="metadata"):
        yolo.post_process(outputs, metadata[:1])


def test_images_are_checked(yolo, photo):
    with pytest.raises(ModelInputError, match="image 1: "):
        yolo.pre_process([photo, None])
