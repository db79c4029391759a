"""What the generator draws: symbols that an independent reader reads, boxes that lie where they are seen."""

import cv2
import numpy as np
import pytest
import scenes
import zxingcpp
from backgrounds import Backgrounds, load_photos
from network import CLASS_NAMES
from symbols import Symbol, make_symbol

READ_AS = {
    "qr-code": "QR Code",
    "data-matrix": "Data Matrix",
    "aztec": "Aztec",
    "pdf417": "PDF417",
}


@pytest.fixture(scope="module")
def backgrounds():
    return Backgrounds(np.random.default_rng(0), load_photos(), stock=12, side=256)


@pytest.mark.parametrize("class_name", CLASS_NAMES)
def test_symbols_can_be_read(class_name):
    rng = np.random.default_rng(1)
    read = 0
    for _ in range(20):
        symbol = make_symbol(rng, class_name, most_modules=60)
        width, height = (round(side * 4) for side in symbol.size)
        ink = cv2.resize(symbol.modules, (width, height), interpolation=cv2.INTER_NEAREST)
        found = zxingcpp.read_barcodes(cv2.copyMakeBorder(ink, 40, 40, 40, 40, cv2.BORDER_CONSTANT, value=255))
        read += any(READ_AS.get(class_name, "") in str(code.format) for code in found)
    assert read >= 18


def test_the_outline_is_where_the_symbol_is_printed():
    """The modules themselves tell: the first and the last ink of a Data Matrix are its finder's."""
    rng = np.random.default_rng(2)
    modules = np.zeros((12, 12), np.uint8)  # a black square: all that is dark is the symbol
    for _ in range(50):
        label = scenes.print_label(rng, Symbol("data-matrix", modules), 6.0, plain=True)
        gray = label.pixels[..., :3].mean(2)
        x_min, y_min = label.outline.min(0)
        x_max, y_max = label.outline.max(0)
        inside = gray[round(y_min) : round(y_max), round(x_min) : round(x_max)]
        assert np.median(inside) == inside[len(inside) // 2, len(inside) // 2] or inside.std() < 60
        assert (round(x_max - x_min), round(y_max - y_min)) == (72, 72)


@pytest.mark.parametrize("turn", [0.0, 0.4, np.pi / 2])
def test_boxes_follow_the_view(turn):
    """A black label on white, turned and tilted: its box is the hull of what is black."""
    rng = np.random.default_rng(3)
    pixels = np.dstack([np.zeros((60, 90, 3), np.uint8), np.full((60, 90), 255, np.uint8)])
    label = scenes.Label(pixels, np.float32([[0, 0], [90, 0], [90, 60], [0, 60]]), 0)
    scene = scenes._Scene(np.full((300, 300, 3), 255, np.uint8))
    assert scene.place(label, scenes._view(rng, 90, 60, 1.3, (150, 140), turn, 0.6))
    rows, columns = np.nonzero(scene.pixels.mean(2) < 128)
    hull = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    np.testing.assert_allclose(scene.finish().boxes[0], hull, atol=2.0)  # edges are blended


def test_pictures_are_as_the_network_takes_them(backgrounds):
    rng = np.random.default_rng(4)
    codes = empty = 0
    for _ in range(60):
        picture = scenes.make_picture(rng, backgrounds, 160)
        assert picture.pixels.shape == (160, 160, 3) and picture.pixels.dtype == np.uint8
        assert len(picture.boxes) == len(picture.class_ids)
        assert (picture.boxes >= -0.5).all() and (picture.boxes <= 160.5).all()
        assert (picture.boxes[:, 2:] > picture.boxes[:, :2]).all()
        assert set(picture.class_ids) <= set(range(len(CLASS_NAMES)))
        codes += len(picture.boxes)
        empty += not len(picture.boxes)
    assert codes > 40 and empty > 2


def test_the_same_seed_makes_the_same_pictures():
    photos = load_photos()
    first, second = (
        scenes.make_picture(np.random.default_rng(5), Backgrounds(np.random.default_rng(6), photos, 3, 128), 128)
        for _ in range(2)
    )
    np.testing.assert_array_equal(first.pixels, second.pixels)
    np.testing.assert_array_equal(first.boxes, second.boxes)
