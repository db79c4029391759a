"""Training pictures: symbols printed on labels, seen by a camera or drawn on a screen, letterboxed to a square.

A picture is made at a size of its own, spoiled there (light, blur, noise, compression), and then scaled to the
network's input as the product scales a user's picture: bilinear, up or down, gray borders. That way the traces of
scaling are those that the network meets later.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from backgrounds import Backgrounds
from camera import spoil
from labels import Label, bend, print_label
from numpy.random import Generator
from symbols import Symbol, make_symbol

PADDING_VALUE = 114
# A code of which less than this would be seen is not placed; one that is shorter in the end (pixels) is not taught.
_LEAST_SEEN = 0.55
_LEAST_SIDE = 9


@dataclass(frozen=True)
class Picture:
    """pixels: uint8 RGB (height, width, 3). boxes: float32 (codes, 4), x_min, y_min, x_max, y_max in pixels."""

    pixels: np.ndarray
    boxes: np.ndarray
    class_ids: np.ndarray


def make_picture(rng: Generator, backgrounds: Backgrounds, side: int) -> Picture:
    """A picture of side x side; most have codes, some have none."""
    kind = rng.choice(4, p=[0.22, 0.27, 0.3, 0.21])
    make = (_drawing, _close_up, _wide_view, _nothing)[kind]
    return _letterbox(make(rng, backgrounds, side), side)


def _view(
    rng: Generator, width: int, height: int, scale: float, center: tuple[float, float], angle: float, tilt: float
) -> np.ndarray:
    """The homography of a label of width x height that is seen from the side by up to `tilt` radians."""
    yaw, pitch = rng.uniform(-tilt, tilt, 2)
    cos, sin = np.cos, np.sin
    turn = np.array([[cos(angle), -sin(angle), 0], [sin(angle), cos(angle), 0], [0, 0, 1]])
    about_y = np.array([[cos(yaw), 0, sin(yaw)], [0, 1, 0], [-sin(yaw), 0, cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, cos(pitch), -sin(pitch)], [0, sin(pitch), cos(pitch)]])
    corners = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]) * (width / 2 * scale, height / 2 * scale, 0)
    seen = corners @ (turn @ about_y @ about_x).T
    distance = rng.uniform(2, 6) * max(width, height) * scale
    seen = seen[:, :2] * (distance / (distance + seen[:, 2:])) + center
    source = np.float32([[0, 0], [width, 0], [width, height], [0, height]])
    return cv2.getPerspectiveTransform(source, seen.astype(np.float32))


def _move(x: float, y: float) -> np.ndarray:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


class _Scene:
    """A picture in the making: takes labels where they do not cover one another."""

    def __init__(self, pixels: np.ndarray) -> None:
        self.pixels = pixels
        self.boxes: list[np.ndarray] = []
        self.class_ids: list[int] = []
        self._taken: list[np.ndarray] = []

    def place(self, label: Label, matrix: np.ndarray, teach: bool = True) -> bool:
        """Draws a label; nothing where it would cover another one or would hardly be seen."""
        height, width = self.pixels.shape[:2]
        rows, columns = label.pixels.shape[:2]
        corners = np.float32([[0, 0], [columns, 0], [columns, rows], [0, rows]])
        corners = cv2.perspectiveTransform(corners[None], matrix)[0]
        outline = cv2.perspectiveTransform(label.outline[None], matrix)[0]
        box = np.concatenate([outline.min(0), outline.max(0)])
        seen = np.concatenate([box[:2].clip(0), np.minimum(box[2:], (width, height))])
        share = np.prod((seen[2:] - seen[:2]).clip(0)) / max(np.prod(box[2:] - box[:2]), 1e-6)
        whole = np.concatenate([corners.min(0).clip(0), np.minimum(corners.max(0), (width, height))])
        if teach and share < _LEAST_SEEN:
            return False
        if any((whole[:2] < other[2:]).all() and (other[:2] < whole[2:]).all() for other in self._taken):
            return False
        left, top = (int(value) for value in np.floor(whole[:2]))
        right, bottom = (int(value) for value in np.ceil(whole[2:]))
        if right - left < 3 or bottom - top < 3:
            return False
        # The matrix maps edges of pixels, OpenCV's functions map their centres.
        matrix = _move(-left - 0.5, -top - 0.5) @ matrix @ _move(0.5, 0.5)
        size = (right - left, bottom - top)
        color = cv2.warpPerspective(label.pixels[..., :3], matrix, size, borderMode=cv2.BORDER_REPLICATE)
        alpha = cv2.warpPerspective(label.pixels[..., 3], matrix, size).astype(np.uint16)[..., None]
        place = self.pixels[top:bottom, left:right]
        place[:] = ((color * alpha + place * (255 - alpha)) // 255).astype(np.uint8)
        self._taken.append(whole)
        if teach:
            self.boxes.append(seen)
            self.class_ids.append(label.class_id)
        return True

    def finish(self) -> Picture:
        return Picture(self.pixels, np.float32(self.boxes).reshape(-1, 4), np.array(self.class_ids, np.int64))


def _label_of_size(rng: Generator, symbol: Symbol, size: float) -> tuple[Label, float]:
    """A label whose symbol is to be `size` pixels long in the picture, and the scale that is left for placing it.

    Fine symbols are printed at about a pixel a module and shrunk, coarse ones at about the size that is wanted.
    """
    modules = max(symbol.size)
    per_module = size / modules
    label = print_label(rng, symbol, float(np.clip(per_module * rng.uniform(1, 1.6), 1.3, 24)))
    if rng.random() < 0.12:
        label = bend(rng, label)
    extent = float(np.ptp(label.outline, axis=0).max())
    scale = size / extent
    if scale < 0.75:
        how = cv2.INTER_AREA if rng.random() < 0.8 else cv2.INTER_LINEAR
        rows, columns = label.pixels.shape[:2]
        target = (max(2, round(columns * scale)), max(2, round(rows * scale)))
        pixels = cv2.resize(label.pixels, target, interpolation=how)
        outline = label.outline * (target[0] / columns, target[1] / rows)
        label, scale = Label(pixels, outline.astype(np.float32), label.class_id), 1.0
    return label, scale


def _angle(rng: Generator) -> float:
    kind = rng.random()
    if kind < 0.45:
        return rng.normal(0, 0.03) + (rng.integers(4) * np.pi / 2 if rng.random() < 0.3 else 0)
    return rng.uniform(-0.35, 0.35) if kind < 0.75 else rng.uniform(-np.pi, np.pi)


def _tilt(rng: Generator) -> float:
    return float(rng.choice([0.0, 0.25, 0.6, 0.95], p=[0.35, 0.28, 0.22, 0.15]))


def _frame(rng: Generator, longest: float) -> tuple[int, int]:
    """Height and width of a picture."""
    aspect = float(rng.choice([1, 4 / 3, 3 / 2, 16 / 9, 2.2, 3.5], p=[0.25, 0.3, 0.2, 0.12, 0.08, 0.05]))
    short, long = max(24, int(longest / aspect)), int(longest)
    return (short, long) if rng.random() < 0.7 else (long, short)


def _add_clutter(rng: Generator, backgrounds: Backgrounds, scene: _Scene, count: int) -> None:
    """Rectangles of print and texture that look like labels and hold no code."""
    height, width = scene.pixels.shape[:2]
    for _ in range(count):
        columns, rows = (int(value) for value in np.exp(rng.uniform(np.log(12), np.log(max(width, height) * 0.5), 2)))
        pixels = backgrounds.cut(rng, max(8, rows), max(8, columns), photo_share=0.1)
        if rng.random() < 0.3:
            border = max(1, min(pixels.shape[:2]) // 8)
            pixels = cv2.copyMakeBorder(pixels, *([border] * 4), cv2.BORDER_CONSTANT, value=(240, 240, 240))
        rows, columns = pixels.shape[:2]
        corners = np.float32([[0, 0], [columns, 0], [columns, rows], [0, rows]])
        label = Label(np.dstack([pixels, np.full((rows, columns), 255, np.uint8)]), corners, -1)
        center = (rng.uniform(0, width), rng.uniform(0, height))
        scene.place(label, _view(rng, columns, rows, 1, center, _angle(rng), _tilt(rng)), teach=False)


def _drawing(rng: Generator, backgrounds: Backgrounds, side: int) -> Picture:
    """What a generator or a document shows: one code or a few, straight, often without any margin."""
    count = 1 if rng.random() < 0.82 else int(rng.integers(2, 7))
    symbol = make_symbol(rng)
    modules = max(symbol.size)
    longest = side * (np.exp(rng.uniform(np.log(0.03), np.log(1.3))) if rng.random() < 0.75 else 1.0)
    if count > 1:
        longest /= 2
    scale = max(1.0, longest / modules)
    if rng.random() < 0.6:
        scale = float(round(scale))
    labels = [print_label(rng, symbol, scale, plain=True)]
    for _ in range(count - 1):
        other = make_symbol(rng, symbol.class_name if rng.random() < 0.7 else None)
        labels.append(print_label(rng, other, max(1.0, longest / max(other.size)), plain=True))
    rows_of = int(rng.integers(1, count + 1))
    columns_of = -(-count // rows_of)
    cell_height = max(label.pixels.shape[0] for label in labels)
    cell_width = max(label.pixels.shape[1] for label in labels)
    margin = int(
        rng.choice([0, 0.06, 0.25, 0.7], p=[0.4, 0.3, 0.2, 0.1]) * min(cell_height, cell_width) * rng.uniform(0.5, 1.5)
    )
    gap = margin if count == 1 else max(margin, int(0.05 * cell_height) + 2)
    height, width = rows_of * (cell_height + gap) - gap + 2 * margin, columns_of * (cell_width + gap) - gap + 2 * margin
    paper = labels[0].pixels[0, 0, :3] if rng.random() < 0.8 else rng.integers(0, 256, 3)
    canvas = np.empty((height, width, 3), np.uint8)
    canvas[:] = paper
    if rng.random() < 0.08:
        canvas[:] = backgrounds.cut(rng, height, width, 0.2)
    boxes, class_ids = [], []
    for index, label in enumerate(labels):
        row, column = divmod(index, columns_of)
        rows, columns = label.pixels.shape[:2]
        top, left = margin + row * (cell_height + gap), margin + column * (cell_width + gap)
        canvas[top : top + rows, left : left + columns] = label.pixels[..., :3]
        boxes.append(np.concatenate([label.outline.min(0), label.outline.max(0)]) + (left, top, left, top))
        class_ids.append(label.class_id)
    boxes = np.float32(boxes)
    if count == 1 and symbol.class_name == "barcode" and rng.random() < 0.06:
        # A few lines of a barcode, as line scanners and tests have them.
        middle = int((boxes[0, 1] + boxes[0, 3]) / 2)
        strip = max(1, int((boxes[0, 3] - boxes[0, 1]) * rng.uniform(0.02, 0.4)))
        canvas = canvas[middle : middle + strip]
        boxes[0, 1], boxes[0, 3] = 0, canvas.shape[0]
    if rng.random() < 0.35:
        canvas = spoil(rng, canvas, strength=0.5)
    return Picture(canvas, boxes, np.array(class_ids, np.int64))


def _close_up(rng: Generator, backgrounds: Backgrounds, side: int) -> Picture:
    """A photo of one code or two, which fill much of it."""
    height, width = _frame(rng, side * np.exp(rng.uniform(np.log(0.3), np.log(1.25))))
    scene = _Scene(backgrounds.cut(rng, height, width, photo_share=0.4))
    if rng.random() < 0.45:  # on a large plain surface, such as a box, a page, a plate
        surface = np.full(3, rng.uniform(40, 255)) + rng.uniform(-25, 25, 3)
        scene.pixels[:] = (scene.pixels * rng.uniform(0, 0.25) + surface * 0.8).clip(0, 255).astype(np.uint8)
    count = 1 if rng.random() < 0.8 else 2
    for _ in range(count):
        symbol = make_symbol(rng)
        length = width if symbol.size[0] > 1.5 * symbol.size[1] else min(width, height)
        size = length * rng.uniform(0.25, 1.0 if count == 1 else 0.5)
        if min(symbol.size) / max(symbol.size) * size < 5:
            continue
        label, scale = _label_of_size(rng, symbol, size)
        if symbol.class_name == "barcode" and rng.random() < 0.8:
            angle = rng.normal(0, 0.1) + (np.pi / 2 if height > width and rng.random() < 0.7 else 0)
        else:
            angle = _angle(rng)
        free = max(0.08, 0.5 - size / length / 2) if count == 1 else 0.45
        center = (width * (0.5 + rng.uniform(-free, free)), height * (0.5 + rng.uniform(-free, free)))
        rows, columns = label.pixels.shape[:2]
        scene.place(label, _view(rng, columns, rows, scale, center, angle, _tilt(rng)))
    if rng.random() < 0.3:
        _add_clutter(rng, backgrounds, scene, int(rng.integers(1, 4)))
    picture = scene.finish()
    return Picture(spoil(rng, picture.pixels), picture.boxes, picture.class_ids)


def _wide_view(rng: Generator, backgrounds: Backgrounds, side: int) -> Picture:
    """A photo of a place with small codes somewhere in it."""
    longest = side * (2.0 if rng.random() < 0.15 else rng.uniform(0.7, 1.4))
    height, width = _frame(rng, longest)
    scene = _Scene(backgrounds.cut(rng, height, width, photo_share=0.7))
    to_input = side / longest
    for _ in range(int(rng.integers(1, 9))):
        size = np.exp(rng.uniform(np.log(18), np.log(max(40, side * 0.35)))) / to_input
        symbol = make_symbol(rng, most_modules=int(max(25, size * to_input / 0.6)))
        if symbol.class_name in ("barcode", "pdf417"):
            size *= 1.5
        if min(symbol.size) / max(symbol.size) * size * to_input < 6:
            continue
        label, scale = _label_of_size(rng, symbol, size)
        center = (rng.uniform(0, width), rng.uniform(0, height))
        rows, columns = label.pixels.shape[:2]
        scene.place(label, _view(rng, columns, rows, scale, center, _angle(rng), _tilt(rng)))
    if rng.random() < 0.5:
        _add_clutter(rng, backgrounds, scene, int(rng.integers(1, 5)))
    picture = scene.finish()
    return Picture(spoil(rng, picture.pixels, strength=0.7), picture.boxes, picture.class_ids)


def _nothing(rng: Generator, backgrounds: Backgrounds, side: int) -> Picture:
    height, width = _frame(rng, side * rng.uniform(0.5, 1.4))
    scene = _Scene(backgrounds.cut(rng, height, width, photo_share=0.6))
    if rng.random() < 0.5:
        _add_clutter(rng, backgrounds, scene, int(rng.integers(1, 8)))
    return Picture(spoil(rng, scene.pixels), np.zeros((0, 4), np.float32), np.zeros(0, np.int64))


def _letterbox(picture: Picture, side: int) -> Picture:
    """As the product does: scaled to fit (bilinear, sizes truncated), centred on gray."""
    height, width = picture.pixels.shape[:2]
    scale = min(side / height, side / width)
    rows, columns = max(1, int(height * scale)), max(1, int(width * scale))
    top, left = (side - rows) // 2, (side - columns) // 2
    pixels = np.full((side, side, 3), PADDING_VALUE, np.uint8)
    scaled = cv2.resize(picture.pixels, (columns, rows), interpolation=cv2.INTER_LINEAR)
    pixels[top : top + rows, left : left + columns] = scaled
    boxes = picture.boxes * (columns / width, rows / height, columns / width, rows / height) + (left, top, left, top)
    sides = boxes[:, 2:] - boxes[:, :2]
    keep = (sides.max(1) >= _LEAST_SIDE) & (sides.min(1) >= 1) if len(boxes) else np.zeros(0, bool)
    return Picture(pixels, boxes[keep].astype(np.float32), picture.class_ids[keep])
