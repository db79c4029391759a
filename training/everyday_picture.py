"""Draws a picture of everyday things, in which a detector of COCO's classes finds several: what detectors are measured
with where their user gives no pictures.

    python training/everyday_picture.py examples/pictures

Everything in it is drawn here, so that it may be given to anybody.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from backgrounds import smooth_noise
from numpy.random import Generator
from PIL import Image

WIDTH, HEIGHT = 1280, 960

Color = tuple[int, int, int]
Point = tuple[float, float]


class Canvas:
    """A picture that shapes are laid on, in float32 RGB. Places are pixels of the final picture."""

    def __init__(self, picture: np.ndarray):
        self.picture = picture

    def fill(self, mask: np.ndarray, color: Color | np.ndarray) -> None:
        cover = (mask.astype(np.float32) / 255)[..., None]
        self.picture += cover * (np.float32(color) - self.picture)

    def polygon(self, points: Sequence[Point], color: Color | np.ndarray) -> None:
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        cv2.fillPoly(mask, [np.int32(np.round(np.float32(points) * 16))], 255, cv2.LINE_AA, 4)
        self.fill(mask, color)

    def rectangle(self, left: float, top: float, right: float, bottom: float, color: Color | np.ndarray) -> None:
        self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], color)

    def ellipse(self, center: Point, axes: Point, color: Color | np.ndarray, angle: float = 0) -> None:
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        place, size = (tuple(int(round(one * 16)) for one in pair) for pair in (center, axes))
        cv2.ellipse(mask, place, size, angle, 0, 360, 255, -1, cv2.LINE_AA, 4)
        self.fill(mask, color)

    def line(self, start: Point, end: Point, width: int, color: Color) -> None:
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        ends = (tuple(int(round(one * 16)) for one in pair) for pair in (start, end))
        cv2.line(mask, *ends, 255, width, cv2.LINE_AA, 4)
        self.fill(mask, color)

    def text(self, words: str, center: Point, scale: float, width: int, color: Color) -> None:
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        (columns, rows), _ = cv2.getTextSize(words, cv2.FONT_HERSHEY_DUPLEX, scale, width)
        origin = int(center[0] - columns / 2), int(center[1] + rows / 2)
        cv2.putText(mask, words, origin, cv2.FONT_HERSHEY_DUPLEX, scale, 255, width, cv2.LINE_AA)
        self.fill(mask, color)

    def shadow(self, center: Point, axes: Point) -> None:
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        cv2.ellipse(mask, tuple(map(int, center)), tuple(map(int, axes)), 0, 0, 360, 150, -1)
        self.fill(cv2.GaussianBlur(mask, (0, 0), 9), (30, 24, 20))


Y, X = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)


def vertical(top: Color, bottom: Color, start: float, end: float) -> np.ndarray:
    """A color that changes from top to bottom."""
    share = ((Y - start) / (end - start)).clip(0, 1)[..., None]
    return np.float32(top) * (1 - share) + np.float32(bottom) * share


def horizontal(color: Color, left: float, right: float, light: float = 0.3) -> np.ndarray:
    """How an upright cylinder looks: brightest left of its middle."""
    place = ((X - left) / (right - left)).clip(0, 1)
    shade = 0.45 + 0.65 * np.exp(-(((place - light) / 0.38) ** 2))
    return (np.float32(color) * shade[..., None]).clip(0, 255)


def round_color(color: Color, center: Point, radius: float) -> np.ndarray:
    """How a ball looks, with the light at its upper left."""
    x, y = (X - center[0]) / radius, (Y - center[1]) / radius
    away = np.hypot(x + 0.35, y + 0.4)
    shade = 1.12 - 0.42 * away**1.6
    gloss = 110 * np.exp(-((np.hypot(x + 0.4, y + 0.45) / 0.16) ** 2))
    return (np.float32(color) * shade[..., None] + gloss[..., None]).clip(0, 255)


# --- Things --------------------------------------------------------------------------------------------------------


def clock(canvas: Canvas, x: float, y: float, radius: float) -> None:
    canvas.shadow((x + 8, y + 10), (radius, radius))
    canvas.ellipse((x, y), (radius, radius), round_color((70, 62, 56), (x, y), radius * 1.4))
    canvas.ellipse((x, y), (radius * 0.88, radius * 0.88), (244, 242, 234))

    def place(hour: float, share: float) -> Point:
        angle = hour * np.pi / 6
        return x + radius * share * np.sin(angle), y - radius * share * np.cos(angle)

    for hour in range(1, 13):
        inner, width = (0.68, 5) if hour % 3 == 0 else (0.74, 3)
        canvas.line(place(hour, 0.82), place(hour, inner), width, (30, 30, 34))
        canvas.text(str(hour), place(hour, 0.56), radius / 130, 2, (30, 30, 34))
    canvas.line((x, y), place(10.15, 0.42), 7, (20, 20, 22))
    canvas.line((x, y), place(1.8, 0.62), 5, (20, 20, 22))
    canvas.ellipse((x, y), (6, 6), (180, 30, 30))


def orange(canvas: Canvas, x: float, y: float, radius: float) -> None:
    canvas.shadow((x + 10, y + radius * 0.85), (radius, radius * 0.3))
    canvas.ellipse((x, y), (radius, radius * 0.97), round_color((240, 140, 24), (x, y), radius))
    canvas.ellipse((x + radius * 0.15, y - radius * 0.55), (radius * 0.08, radius * 0.06), (96, 104, 30))


def apple(canvas: Canvas, x: float, y: float, radius: float, color: Color = (196, 28, 36)) -> None:
    canvas.shadow((x + 10, y + radius * 0.85), (radius, radius * 0.3))
    shade = round_color(color, (x, y), radius)
    canvas.ellipse((x - radius * 0.3, y), (radius * 0.72, radius * 0.92), shade)
    canvas.ellipse((x + radius * 0.3, y), (radius * 0.72, radius * 0.92), shade)
    canvas.ellipse((x, y - radius * 0.78), (radius * 0.3, radius * 0.12), (120, 20, 24))
    canvas.line((x, y - radius * 0.75), (x + radius * 0.12, y - radius * 1.2), max(3, int(radius / 10)), (84, 58, 30))
    canvas.ellipse((x + radius * 0.4, y - radius * 1.08), (radius * 0.32, radius * 0.13), (70, 140, 50), -25)


def banana(canvas: Canvas, x: float, y: float, size: float) -> None:
    canvas.shadow((x, y + size * 0.5), (size * 0.9, size * 0.16))
    angles = np.linspace(0.12, 0.88, 40) * np.pi
    middle = np.stack([x + np.cos(angles) * size, y - size * 0.5 + np.sin(angles) * size * 0.95], 1)
    thick = size * 0.2 * np.sin(np.linspace(0.12, 0.95, 40) * np.pi) ** 0.6
    outward = np.stack([np.cos(angles), np.sin(angles)], 1)
    outward *= thick[:, None]
    peel = vertical((250, 220, 70), (206, 158, 30), y - size * 0.3, y + size * 0.6)
    canvas.polygon([*(middle - outward), *(middle + outward)[::-1]], peel)
    canvas.polygon([*(middle - outward * 0.1), *(middle + outward * 0.15)[::-1]], (226, 186, 46))
    canvas.line(tuple(middle[-1]), tuple(middle[-1] + (-size * 0.06, -size * 0.16)), int(size * 0.1), (150, 120, 40))
    canvas.ellipse(tuple(middle[0]), (size * 0.05, size * 0.05), (60, 48, 24))


def bottle(canvas: Canvas, x: float, foot: float, height: float, color: Color = (26, 84, 46)) -> None:
    half = height * 0.14
    canvas.shadow((x + 14, foot), (half * 1.4, half * 0.4))
    right = [(1, 0), (1, 0.6), (0.85, 0.67), (0.4, 0.76), (0.36, 0.97)]
    outline = [*right, *((-across, up) for across, up in reversed(right))]
    canvas.polygon(
        [(x + across * half, foot - up * height) for across, up in outline], horizontal(color, x - half, x + half)
    )
    canvas.ellipse((x, foot), (half, half * 0.25), horizontal(color, x - half, x + half))

    def band(width: float, top: float, bottom: float, color: Color) -> None:
        left, right = x - half * width, x + half * width
        canvas.rectangle(left, foot - height * top, right, foot - height * bottom, horizontal(color, left, right))

    band(0.42, 1, 0.9, (190, 150, 50))
    band(1, 0.5, 0.18, (240, 232, 210))
    band(1, 0.38, 0.3, (150, 30, 40))
    canvas.line((x - half * 0.6, foot - height * 0.58), (x - half * 0.6, foot - height * 0.52), 5, (200, 230, 205))


def cup(canvas: Canvas, x: float, foot: float, size: float, color: Color = (230, 232, 236)) -> None:
    canvas.shadow((x + 16, foot - 2), (size * 0.75, size * 0.2))
    handle = (x + size * 0.62, foot - size * 0.52)
    canvas.ellipse(handle, (size * 0.32, size * 0.34), np.float32(color) * 0.8)
    canvas.ellipse(handle, (size * 0.2, size * 0.22), (134, 92, 60))
    body = horizontal(color, x - size * 0.6, x + size * 0.6)
    sides = [(-0.6, 1), (0.6, 1), (0.5, 0), (-0.5, 0)]
    canvas.polygon([(x + size * across, foot - size * up) for across, up in sides], body)
    canvas.ellipse((x, foot), (size * 0.5, size * 0.14), body)
    canvas.ellipse((x, foot - size), (size * 0.6, size * 0.17), np.float32(color) * 1.05)
    canvas.ellipse((x, foot - size * 0.98), (size * 0.53, size * 0.13), (70, 40, 22))


def screen(canvas: Canvas, left: float, top: float, right: float, bottom: float) -> None:
    width = right - left
    canvas.rectangle(left, top, right, bottom, (22, 22, 25))
    edge = width * 0.025
    sky = vertical((40, 90, 150), (130, 190, 220), top, bottom)
    canvas.rectangle(left + edge, top + edge, right - edge, bottom - edge, sky)
    hills = [(0.025, 0.025), (0.025, 0.14), (0.3, 0.3), (0.55, 0.12), (0.75, 0.22), (0.975, 0.1), (0.975, 0.025)]
    canvas.polygon([(left + width * across, bottom - width * up) for across, up in hills], (40, 96, 60))


def tv(canvas: Canvas, left: float, top: float, width: float) -> None:
    height = width * 0.58
    foot = [(0.4, 1), (0.6, 1), (0.7, 1.14), (0.3, 1.14)]
    canvas.polygon([(left + width * across, top + height * down) for across, down in foot], (30, 30, 33))
    screen(canvas, left, top, left + width, top + height)


def laptop(canvas: Canvas, left: float, top: float, width: float) -> None:
    height = width * 0.62
    canvas.shadow((left + width * 0.5, top + height * 1.42), (width * 0.7, width * 0.08))
    screen(canvas, left, top, left + width, top + height)
    low = top + height * 1.42
    base = [(0, 1), (1, 1), (1.14, 1.42), (-0.14, 1.42)]
    silver = vertical((176, 178, 182), (206, 208, 212), top + height, low)
    canvas.polygon([(left + width * across, top + height * down) for across, down in base], silver)
    canvas.rectangle(left - width * 0.14, low, left + width * 1.14, low + 9, (120, 122, 126))
    for row in range(5):
        y = top + height * (1.05 + row * 0.045)
        spread = width * (0.03 + row * 0.016)
        for column in range(13):
            x = left - spread + width * 0.06 + (width * 0.88 + spread * 2) * column / 13
            canvas.rectangle(x, y, x + width * 0.055, y + height * 0.032, (44, 45, 48))
    canvas.rectangle(left + width * 0.35, top + height * 1.31, left + width * 0.65, low - 6, (186, 188, 192))


def photograph(rng: Generator, picture: np.ndarray) -> np.ndarray:
    """A lens that is not perfectly sharp, a sensor with a little noise."""
    seen = cv2.GaussianBlur(picture, (0, 0), 0.8) + rng.normal(0, 1.5, picture.shape)
    return seen.clip(0, 255).astype(np.uint8)


def kitchen(rng: Generator) -> np.ndarray:
    canvas = Canvas(vertical((214, 206, 190), (190, 178, 158), 0, 520).copy())
    grain = smooth_noise(rng, HEIGHT, WIDTH * 8, 300)[:, : WIDTH * 8 : 8]
    wood = vertical((150, 104, 66), (176, 124, 80), 520, HEIGHT) * (1 + 0.05 * grain)[..., None]
    canvas.rectangle(0, 520, WIDTH, HEIGHT, wood)
    clock(canvas, 200, 190, 130)
    tv(canvas, 560, 60, 560)
    laptop(canvas, 760, 500, 330)
    bottle(canvas, 130, 760, 320)
    cup(canvas, 300, 800, 120)
    orange(canvas, 470, 700, 70)
    apple(canvas, 640, 690, 72)
    banana(canvas, 520, 850, 130)
    orange(canvas, 640, 850, 70)
    cup(canvas, 1190, 930, 110, (90, 130, 170))
    return photograph(rng, canvas.picture)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    directory = parser.parse_args().directory
    directory.mkdir(parents=True, exist_ok=True)
    Image.fromarray(kitchen(np.random.default_rng(4))).save(directory / "everyday.jpg", quality=84)


if __name__ == "__main__":
    main()
