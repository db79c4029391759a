"""Labels: a symbol with all that is printed around it, as flat sheets with an outline of where the symbol is."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from backgrounds import draw_text, random_color, random_words, smooth_noise
from numpy.random import Generator
from symbols import Symbol, draw, make_supplement


@dataclass(frozen=True)
class Label:
    """A printed symbol. pixels: uint8 RGBA; outline: (points, 2), around the symbol, in pixels of the label."""

    pixels: np.ndarray
    outline: np.ndarray
    class_id: int


def print_label(rng: Generator, symbol: Symbol, scale: float, plain: bool = False) -> Label:
    """Prints a symbol at `scale` pixels a module; `plain` as a generator's file is, else as things in the world."""
    bars = draw(symbol, scale, rng)
    mask, left, top = _lay_out(rng, symbol, _complete(rng, symbol, bars))
    height, width = bars.shape
    if rng.random() < (0.04 if plain else 0.12):
        mask = _damage(rng, mask)
    if rng.random() < 0.1:
        thickness = max(1, int(width * rng.uniform(0, 0.03)))
        cv2.rectangle(mask, (0, 0), (mask.shape[1] - 1, mask.shape[0] - 1), 0, thickness)
    pixels = _color(rng, mask, plain)
    if symbol.class_name == "qr-code" and rng.random() < 0.14:
        _add_logo(rng, pixels, left, top, width)
    alpha = _cut_out(rng, mask, plain)
    if rng.random() < 0.03:
        pixels, alpha, left = pixels[:, ::-1], alpha[:, ::-1], mask.shape[1] - left - width
    return Label(np.dstack([pixels, alpha]), _outline(left, top, width, height), symbol.class_id)


def _outline(left: int, top: int, width: int, height: int) -> np.ndarray:
    """Points around a rectangle, clockwise, six on each side: enough to follow where it is bent."""
    steps = np.linspace(0, 1, 7)[:-1]
    none, all_ = np.zeros(6), np.ones(6)
    sides = [(steps, none), (all_, steps), (1 - steps, all_), (none, 1 - steps)]
    square = np.concatenate([np.stack(side, 1) for side in sides])
    return (square * (width, height) + (left, top)).astype(np.float32)


def _complete(rng: Generator, symbol: Symbol, bars: np.ndarray) -> np.ndarray:
    """What is printed below and right of an EAN's or UPC's bars, which stay at the upper left."""
    if not symbol.guard_columns or rng.random() < 0.4:
        return bars
    ink = _lengthen_guards(symbol, bars, rng)
    return _add_supplement(ink, symbol, rng) if rng.random() < 0.2 else ink


def _lay_out(rng: Generator, symbol: Symbol, ink: np.ndarray) -> tuple[np.ndarray, int, int]:
    """Ink with quiet zones and captions around it, and where it lies there: left, top."""
    is_barcode = symbol.class_name == "barcode"
    height, width = ink.shape
    quiet = float(rng.choice([0.0, 0.03, 0.08, 0.15, 0.3], p=[0.12, 0.2, 0.3, 0.25, 0.13]))
    quiet *= width * 0.25 if is_barcode else min(width, height)
    left, right, top, bottom = (int(quiet * value) for value in rng.uniform(0.6, 1.4, 4))
    if is_barcode and rng.random() < 0.5:
        top, bottom = int(rng.integers(0, 4)), int(rng.integers(0, 4))
    above, below = _captions(rng, symbol, width)
    top += 0 if above is None else above.shape[0] + 2
    bottom += 0 if below is None else below.shape[0] + 2
    mask = np.full((top + height + bottom, left + width + right), 255, np.uint8)
    mask[top : top + height, left : left + width] = ink
    for caption, row in ((above, 1), (below, top + height + 1)):
        if caption is not None:
            x = int(rng.uniform(0, max(1, mask.shape[1] - caption.shape[1])))
            place = mask[row : row + caption.shape[0], x : x + caption.shape[1]]
            place[:] = caption[: place.shape[0], : place.shape[1]]
    return mask, left, top


def _lengthen_guards(symbol: Symbol, ink: np.ndarray, rng: Generator) -> np.ndarray:
    """EAN and UPC: guard bars reach down beside the digits."""
    columns = symbol.modules.shape[1]
    longer = max(2, int(ink.shape[1] * rng.uniform(0.03, 0.09)))
    tail = np.full((longer, ink.shape[1]), 255, np.uint8)
    scale = ink.shape[1] / columns
    for column in symbol.guard_columns:
        tail[:, int(column * scale) : max(int(column * scale) + 1, int((column + 1) * scale))] = 0
    digits = draw_text(rng, symbol.text, min(60, longer + int(longer * rng.uniform(0, 0.6))))
    if digits.shape[1] < tail.shape[1]:
        x = (tail.shape[1] - digits.shape[1]) // 2
        rows = min(longer, digits.shape[0])
        tail[:rows, x : x + digits.shape[1]] = np.minimum(tail[:rows, x : x + digits.shape[1]], digits[:rows])
    return np.vstack([ink, tail])


def _add_supplement(ink: np.ndarray, symbol: Symbol, rng: Generator) -> np.ndarray:
    """The two or five digits right of an EAN or UPC, as on books and magazines: beside the code, not a part of it."""
    row = make_supplement(rng)
    scale = ink.shape[1] / symbol.modules.shape[1]
    width, height = max(4, int(row.shape[1] * scale)), max(1, int(ink.shape[0] * rng.uniform(0.6, 1.0)))
    gap = max(2, int(scale * rng.uniform(7, 14)))
    wide = np.full((ink.shape[0], ink.shape[1] + gap + width), 255, np.uint8)
    wide[:, : ink.shape[1]] = ink
    bars = cv2.resize(row, (width, height), interpolation=cv2.INTER_NEAREST if scale >= 1 else cv2.INTER_AREA)
    wide[-height:, ink.shape[1] + gap :] = bars
    return wide


def _captions(rng: Generator, symbol: Symbol, width: int) -> tuple[np.ndarray | None, np.ndarray | None]:
    """What may stand above and below, as wide as that may be."""

    def caption(text: str) -> np.ndarray | None:
        height = int(width * rng.uniform(0.05, 0.16))
        return draw_text(rng, text, min(height, 90)) if height >= 5 else None

    share = 0.6 if symbol.class_name == "barcode" else 0.25
    below = caption(symbol.text[:24] or random_words(rng, int(rng.integers(1, 4)))) if rng.random() < share else None
    above = caption(random_words(rng, int(rng.integers(1, 4)))) if rng.random() < 0.25 else None
    return above, below


def _damage(rng: Generator, mask: np.ndarray) -> np.ndarray:
    """Blots, scratches, scribbles and missing parts."""
    mask = mask.copy()
    side = min(mask.shape)
    value = int(rng.choice([0, 255]))
    for _ in range(int(rng.integers(1, 4))):
        x, y = (int(rng.integers(0, length)) for length in mask.shape[::-1])
        kind = rng.integers(3)
        if kind == 0:
            cv2.ellipse(
                mask, (x, y), (max(1, side // 8), max(1, side // 12)), float(rng.uniform(0, 180)), 0, 360, value, -1
            )
        elif kind == 1:
            points = rng.normal((x, y), side / 5, (8, 2)).astype(np.int32)
            cv2.polylines(mask, [points], False, value, max(1, side // 60), cv2.LINE_AA)
        else:
            rows, columns = max(1, int(side * rng.uniform(0.02, 0.2))), max(1, int(side * rng.uniform(0.05, 0.5)))
            mask[y : y + rows, x : x + columns] = value
    return mask


def _color(rng: Generator, mask: np.ndarray, plain: bool) -> np.ndarray:
    """Ink and paper, uint8 RGB."""
    if plain and rng.random() < 0.75:
        paper, ink = np.full(3, 255.0), np.zeros(3)
    elif rng.random() < 0.75:
        paper = np.full(3, rng.uniform(120, 255)) + rng.uniform(-12, 12, 3)
        ink = paper * rng.uniform(0, 0.55) + rng.uniform(-10, 10, 3)
    else:
        paper, ink = rng.uniform(90, 255, 3), rng.uniform(0, 255, 3)
        if abs(paper.mean() - ink.mean()) < 60:
            ink = paper * 0.3
        if paper.mean() < ink.mean():
            paper, ink = ink, paper
    if rng.random() < 0.07:
        paper, ink = ink, paper
    table = np.linspace(ink, paper, 256).clip(0, 255).astype(np.uint8)
    return table[mask]


def _add_logo(rng: Generator, pixels: np.ndarray, left: int, top: int, width: int) -> None:
    side = int(width * rng.uniform(0.15, 0.32))
    x, y = left + width // 2, top + width // 2
    color, sign = (tuple(int(value) for value in random_color(rng)) for _ in range(2))
    if rng.random() < 0.5:
        cv2.circle(pixels, (x, y), side // 2, color, -1, cv2.LINE_AA)
    else:
        half, half_height = side // 2, int(side // 2 * rng.uniform(0.5, 1.1))
        cv2.rectangle(pixels, (x - half, y - half_height), (x + half, y + half_height), color, -1)
    size, thickness = max(0.2, side / 80), max(1, side // 20)
    place = (x - side // 3, y + side // 6)
    cv2.putText(pixels, random_words(rng, 1)[:3], place, cv2.FONT_HERSHEY_DUPLEX, size, sign, thickness, cv2.LINE_AA)


def _cut_out(rng: Generator, mask: np.ndarray, plain: bool) -> np.ndarray:
    """Opacity, uint8: mostly the whole label, sometimes with round corners, sometimes the ink alone."""
    if not plain and rng.random() < 0.07:
        return 255 - mask
    alpha = np.full_like(mask, 255)
    if not plain and rng.random() < 0.15:
        radius = int(min(mask.shape) * rng.uniform(0.03, 0.12))
        if radius >= 2:
            alpha[:] = 0
            height, width = alpha.shape
            cv2.rectangle(alpha, (radius, 0), (width - radius, height), 255, -1)
            cv2.rectangle(alpha, (0, radius), (width, height - radius), 255, -1)
            for x in (radius, width - radius - 1):
                for y in (radius, height - radius - 1):
                    cv2.circle(alpha, (x, y), radius, 255, -1, cv2.LINE_AA)
    return alpha


def bend(rng: Generator, label: Label) -> Label:
    """Round a bottle or on crumpled film: moves pixels along a smooth field."""
    height, width = label.pixels.shape[:2]
    longest = max(height, width)
    if rng.random() < 0.5:
        across = np.sin(np.linspace(0, np.pi, width, dtype=np.float32)) * height * rng.uniform(-0.15, 0.15)
        dx = np.zeros((height, width), np.float32)
        dy = np.broadcast_to(across, (height, width)).astype(np.float32)
    else:
        waves, strength = rng.uniform(1.5, 6), longest * rng.uniform(0.005, 0.03)
        dx = smooth_noise(rng, height, width, waves) * strength
        dy = smooth_noise(rng, height, width, waves) * strength
    pad = int(max(np.abs(dx).max(), np.abs(dy).max())) + 1
    pixels = cv2.copyMakeBorder(label.pixels, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    pixels[..., 3] = cv2.copyMakeBorder(label.pixels[..., 3], pad, pad, pad, pad, cv2.BORDER_CONSTANT, value=0)
    dx, dy = (cv2.copyMakeBorder(field, pad, pad, pad, pad, cv2.BORDER_REPLICATE) for field in (dx, dy))
    y, x = np.mgrid[0 : height + 2 * pad, 0 : width + 2 * pad].astype(np.float32)
    bent = cv2.remap(pixels, x + dx, y + dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(0, 0, 0, 0))
    outline = label.outline + pad
    column = outline[:, 0].astype(int).clip(0, width + 2 * pad - 1)
    row = outline[:, 1].astype(int).clip(0, height + 2 * pad - 1)
    moved = outline - np.stack([dx[row, column], dy[row, column]], 1)
    return Label(bent, moved.astype(np.float32), label.class_id)
