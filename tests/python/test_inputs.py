"""Images that cannot be used: which one it is, what it is, and what to do about it."""

import collections
import pathlib

import numpy as np
import PIL.Image
import pytest
import torch
from support.tiny_models import SIDE, png

from inference_models import Detections, InvalidParameterError, ModelInputError

IMAGE = np.zeros((SIDE, SIDE, 3), np.uint8)


def assert_refused(model, images, *named, hint, kind="invalid_image"):
    with pytest.raises(ModelInputError) as caught:
        model(images)
    error = caught.value
    assert error.kind == kind
    for text in named:
        assert text in error.message, error.message
    assert hint in error.hint, error.hint


@pytest.mark.parametrize(
    ("image", "named", "hint"),
    [
        (None, "None", "cv2.imread"),
        (7, "int", "numpy array"),
        ({"image": IMAGE}, "dict", "numpy array"),
        (b"\xff\xd8\xff", "bytes", "path"),
        (object(), "object", "path"),
        (IMAGE.astype(np.float32), "float32", "uint8"),
        (IMAGE.astype(np.int64), "int64", "uint8"),
        (IMAGE.astype(bool), "bool", "uint8"),
        (np.array([None]), "object", "uint8"),
        (np.zeros((4, 4, 4), np.uint8), "(4, 4, 4)", "image[:, :, :3]"),
        (np.zeros((3, 40, 50), np.uint8), "(3, 40, 50)", "transpose(1, 2, 0)"),
        (np.zeros((40, 50, 2), np.uint8), "(40, 50, 2)", "(height, width, 3)"),
        (np.zeros(12, np.uint8), "(12,)", "(height, width, 3)"),
        (np.zeros((), np.uint8), "()", "(height, width, 3)"),
        (np.zeros((1, 2, 3, 4, 5), np.uint8), "(1, 2, 3, 4, 5)", "(height, width, 3)"),
        (np.zeros((0, 5, 3), np.uint8), "5x0", "at least"),
        (np.zeros((5, 0, 3), np.uint8), "0x5", "at least"),
        (np.broadcast_to(np.uint8(0), (1, 100_000, 3)), "65501x1", "65500"),
        (torch.zeros((3, 4, 4), dtype=torch.int32), "torch.int32", "uint8"),
        (torch.zeros((3, 4, 4), dtype=torch.bool), "torch.bool", "uint8"),
        (torch.zeros((4, 40, 50), dtype=torch.uint8), "(4, 40, 50)", "image[:3]"),
        (torch.zeros((40, 50, 4), dtype=torch.uint8), "(40, 50, 4)", "image[:, :, :3]"),
        (torch.zeros((5, 40, 50), dtype=torch.uint8), "(5, 40, 50)", "(height, width, 3)"),
        (torch.full((3, 4, 4), 0.5), "0.5", "multiply the tensor by 255"),
        (torch.full((3, 4, 4), torch.nan), "NaN", "0 to 255"),
        (torch.full((3, 4, 4), 256.0), "0 to 255", "normalization"),
        (torch.full((3, 4, 4), -1.0), "0 to 255", "normalization"),
        (torch.full((3, 4, 4), torch.inf), "0 to 255", "normalization"),
        (torch.zeros((3, 4, 4)).to_sparse(), "memory", "dense"),
        (PIL.Image.new("I;16", (4, 4)), "I;16", "L or RGB"),
        (PIL.Image.new("F", (4, 4)), "mode F", "L or RGB"),
        ("https://example.com/photo.jpg", "https://example.com/photo.jpg", "Download"),
    ],
)
def test_objects_that_are_no_images(tiny, image, named, hint):
    hint = "1 to" if hint == "at least" else hint
    assert_refused(tiny, image, named, hint=hint)
    assert_refused(tiny, [IMAGE, image], "image 1: ", named, hint=hint)


def test_several_images_in_a_list_s_item(tiny):
    assert_refused(tiny, [IMAGE, IMAGE[None]], "image 1: ", "(1, 32, 32, 3)", "several images", hint="alone")


def test_lists_in_lists(tiny):
    assert_refused(tiny, [[IMAGE]], "image 0: ", "list", hint="path")


@pytest.mark.parametrize(
    ("name", "content"), [("missing.png", None), ("empty.png", b""), ("cut.png", png(64, 64)[:60]), ("a.jpg", b"text")]
)
def test_files_that_cannot_be_read(tiny, tmp_path, name, content):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert_refused(tiny, path, str(path), hint="", kind="unreadable_image")
    assert_refused(tiny, [IMAGE, IMAGE, path], "image 2: ", str(path), hint="", kind="unreadable_image")


def test_a_pil_image_of_a_truncated_file(tiny, tmp_path):
    path = tmp_path / "cut.png"
    path.write_bytes(png(64, 64)[:-30])
    assert_refused(tiny, PIL.Image.open(path), "Pillow", hint="whole", kind="unreadable_image")


@pytest.mark.parametrize("images", [[], (), iter([]), collections.deque(), np.zeros((0, 4, 4, 3), np.uint8)])
def test_no_images(tiny, images):
    assert tiny(images) == []


def test_options_are_checked_without_images_too(tiny):
    with pytest.raises(InvalidParameterError):
        tiny([], confidence=2)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV"])
def test_pil_images_of_8_bits(tiny, mode):
    assert len(tiny(PIL.Image.new("RGB", (SIDE, SIDE)).convert(mode))[0]) == 1


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 1, 1), (1, 300, 3), (300, 1, 3), (7, 5), (1, 1)])
def test_odd_sizes(tiny, shape):
    image = np.full(shape, 90, np.uint8)
    (found,) = tiny(image)
    height, width = shape[:2]
    assert (found.xyxy >= 0).all()
    assert (found.xyxy <= [width, height, width, height]).all()
    chw = image if image.ndim == 2 else image.transpose(2, 0, 1)
    assert tiny(torch.from_numpy(chw.copy())) == [found]


def test_a_black_float_tensor_is_an_image(tiny):
    assert len(tiny(torch.zeros((3, SIDE, SIDE)))[0]) == 1


def test_classes_of_its_own(tiny, tmp_path):
    """Subclasses of the taken ones are taken, and so is any os.PathLike."""

    class Array(np.ndarray):
        pass

    class Tensor(torch.Tensor):
        pass

    class PathLike:
        def __fspath__(self):
            return str(tmp_path / "image.png")

    (tmp_path / "image.png").write_bytes(png(SIDE, SIDE))
    memmap = np.memmap(tmp_path / "pixels", np.uint8, "w+", shape=(SIDE, SIDE, 3))
    images = [IMAGE.view(Array), torch.zeros((3, SIDE, SIDE)).as_subclass(Tensor), PathLike(), memmap]
    assert [len(found) for found in tiny(images)] == [1, 1, 1, 1]


def test_a_name_that_is_no_unicode(tiny, tmp_path):
    path = pathlib.Path(str(tmp_path)) / b"caf\xe9.png".decode(errors="surrogateescape")
    assert_refused(tiny, path, "caf", hint="", kind="unreadable_image")
    path.write_bytes(png(SIDE, SIDE))
    assert isinstance(tiny(path)[0], Detections)
