"""What the generator draws: symbols that an independent reader reads, boxes that lie where they are seen."""

import cv2
import labels
import numpy as np
import pytest
import scenes
import zxingcpp
from backgrounds import Backgrounds, load_photos
from metrics import intersection_over_union
from network import CLASS_NAMES
from symbols import draw, make_symbol

MARK, RED = 77, (255, 0, 0)

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


@pytest.fixture
def marked(monkeypatch):
    """Symbols are red areas, which nothing else is, so that pixels tell where they are."""

    def color(rng, mask, plain):
        return np.where((mask == MARK)[..., None], np.uint8(RED), mask[..., None])

    text = labels.draw_text
    monkeypatch.setattr(labels, "draw", lambda *arguments: np.full_like(draw(*arguments), MARK))
    monkeypatch.setattr(
        labels, "draw_text", lambda *arguments: np.where(text(*arguments) < 128, 0, 255).astype(np.uint8)
    )
    monkeypatch.setattr(labels, "_color", color)
    monkeypatch.setattr(labels, "_damage", lambda rng, mask: mask)
    monkeypatch.setattr(labels, "_add_logo", lambda *arguments: None)


def hull_of_marks(pixels):
    rows, columns = np.nonzero(pixels[..., 0].astype(int) - pixels[..., 1] > 127)
    return np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) if len(rows) else None


@pytest.mark.parametrize("plain", [True, False])
def test_the_outline_is_where_the_symbol_is_printed(marked, plain):
    """With guards, supplements, captions and mirrored ones; a frame may cover the edge of a few."""
    rng = np.random.default_rng(2)
    off = []
    for _ in range(400):
        label = labels.print_label(rng, make_symbol(rng), rng.uniform(1, 6), plain)
        outline = np.concatenate([label.outline.min(0), label.outline.max(0)])
        off.append(np.abs(hull_of_marks(label.pixels) - outline).max())
    assert np.mean(np.array(off) <= 1) > 0.95
    assert max(off) < 20


def test_boxes_are_where_codes_are_seen(marked, monkeypatch, backgrounds):
    """From a drawing to the network's input, where a picture has a single code."""
    monkeypatch.setattr(scenes, "spoil", lambda rng, pixels, strength=1.0: pixels)
    monkeypatch.setattr(scenes, "_add_clutter", lambda *arguments: None)
    monkeypatch.setattr(labels, "_cut_out", lambda rng, mask, plain: np.full_like(mask, 255))
    monkeypatch.setattr(
        backgrounds, "cut", lambda rng, height, width, photo_share: np.full((height, width, 3), 230, np.uint8)
    )
    rng = np.random.default_rng(7)
    overlaps = []
    for make in (scenes._drawing, scenes._close_up, scenes._wide_view):
        for _ in range(80):
            picture = scenes._letterbox(make(rng, backgrounds, 320), 320)
            hull = hull_of_marks(picture.pixels)
            if len(picture.boxes) == 1 and hull is not None:
                overlaps.append(intersection_over_union(hull, picture.boxes)[0])
    assert len(overlaps) > 60
    # In a few drawings the paper has the colour of the symbol's corner, which is red here.
    assert np.mean(np.array(overlaps) > 0.9) > 0.9 and np.median(overlaps) > 0.97


@pytest.mark.parametrize("turn", [0.0, 0.4, np.pi / 2])
def test_boxes_follow_the_view(turn):
    """A black label on white, turned and tilted: its box is the hull of what is black."""
    rng = np.random.default_rng(3)
    pixels = np.dstack([np.zeros((60, 90, 3), np.uint8), np.full((60, 90), 255, np.uint8)])
    label = labels.Label(pixels, np.float32([[0, 0], [90, 0], [90, 60], [0, 60]]), 0)
    scene = scenes._Scene(np.full((300, 300, 3), 255, np.uint8))
    assert scene.place(label, scenes._view(rng, 90, 60, 1.3, (150, 140), turn, 0.6))
    rows, columns = np.nonzero(scene.pixels.mean(2) < 128)
    hull = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    np.testing.assert_allclose(scene.finish().boxes[0], hull, atol=0.75)


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
    for seed in range(20):
        cv2.setRNGSeed(seed + 1)  # OpenCV has a state of its own
        first = scenes.make_picture(np.random.default_rng(seed), few_backgrounds(photos), 128)
        cv2.setRNGSeed(seed + 2)
        second = scenes.make_picture(np.random.default_rng(seed), few_backgrounds(photos), 128)
        np.testing.assert_array_equal(first.pixels, second.pixels)
        np.testing.assert_array_equal(first.boxes, second.boxes)


def few_backgrounds(photos):
    return Backgrounds(np.random.default_rng(6), photos, stock=2, side=96)
