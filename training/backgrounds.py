"""What codes lie on, and what looks like codes and is none: photos, textures, fabrics, text, grids, keys, screens.

Photos come with installed packages, and from a directory if one is given; everything else is drawn. Pictures that other
data sets are evaluated on (scikit-image's coffee, rocket, motorcycle and chelsea, scikit-learn's flower) are left out.
"""

from __future__ import annotations

import argparse
import string
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from PIL import Image, ImageFont

_PACKAGE_PHOTOS = {
    "skimage": [
        f"data/{name}"
        for name in [
            "astronaut.png",
            "brick.png",
            "camera.png",
            "coins.png",
            "grass.png",
            "gravel.png",
            "hubble_deep_field.jpg",
            "ihc.png",
            "moon.png",
            "page.png",
            "retina.jpg",
            "text.png",
        ]
    ],
    "sklearn": ["datasets/images/china.jpg"],
    "matplotlib": ["mpl-data/sample_data/grace_hopper.jpg"],
}
_LONGEST_SIDE = 1400


def photo_directory(text: str) -> Path:
    """What `--photos` names: a directory that is not empty, so that a typo does not train on other backgrounds."""
    directory = Path(text)
    if not directory.is_dir() or not any(directory.iterdir()):
        raise argparse.ArgumentTypeError(f"{text} is no directory with photos")
    return directory


def load_photos(directory: Path | None = None) -> list[np.ndarray]:
    """RGB pictures, uint8 (height, width, 3)."""
    paths = [
        Path(find_spec(package).submodule_search_locations[0]) / name
        for package, names in _PACKAGE_PHOTOS.items()
        for name in names
    ]
    if directory is not None:
        paths += sorted(
            path for path in directory.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp")
        )
    photos = []
    for path in paths:
        with Image.open(path) as picture:
            picture.draft("RGB", (_LONGEST_SIDE, _LONGEST_SIDE))
            picture = picture.convert("RGB")
            picture.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
            photos.append(np.asarray(picture))
    return photos


@lru_cache(maxsize=256)
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    directory = Path(find_spec("matplotlib").submodule_search_locations[0]) / "mpl-data/fonts/ttf"
    return ImageFont.truetype(str(directory / name), size)


def draw_text(rng: Generator, text: str, height: int) -> np.ndarray:
    """Black text on white, uint8 (about height, as wide as needed)."""
    fonts = (
        "DejaVuSans.ttf",
        "DejaVuSansMono.ttf",
        "DejaVuSerif.ttf",
        "DejaVuSans-Bold.ttf",
        "DejaVuSansMono-Bold.ttf",
    )
    mask = _font(str(rng.choice(fonts)), max(5, int(height * 0.9))).getmask(text)
    width, rows = mask.size
    if not width or not rows:
        return np.full((height, 1), 255, np.uint8)
    return 255 - np.asarray(mask, np.uint8).reshape(rows, width)


def random_words(rng: Generator, count: int) -> str:
    letters = list(rng.choice([string.ascii_lowercase, string.ascii_uppercase, string.digits]))
    return " ".join("".join(rng.choice(letters, rng.integers(1, 9))) for _ in range(count))


def random_color(rng: Generator) -> np.ndarray:
    """float32 (3); half of them are grays."""
    if rng.random() < 0.5:
        return np.full(3, rng.uniform(0, 255), np.float32)
    return rng.uniform(0, 255, 3).astype(np.float32)


def smooth_noise(rng: Generator, height: int, width: int, cells: float) -> np.ndarray:
    """float32 (height, width) in about -1..1 that varies over the picture's longer side in about `cells` waves."""
    longest = max(height, width)
    rows, columns = (max(2, round(cells * side / longest) + 1) for side in (height, width))
    return cv2.resize(
        rng.uniform(-1, 1, (rows, columns)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC
    )


def _blend(mask: np.ndarray, rng: Generator) -> np.ndarray:
    """A gray mask in 0..1 as a picture between two random colours."""
    dark, light = random_color(rng), random_color(rng)
    return dark + (light - dark) * mask[..., None]


def _plain(rng: Generator, side: int) -> np.ndarray:
    ramp = smooth_noise(rng, side, side, rng.uniform(0.5, 2)) * rng.uniform(0, 0.3) + 0.5
    return _blend(ramp, rng)


def _clouds(rng: Generator, side: int) -> np.ndarray:
    """Noise of all scales, each weaker than the one before: the spectrum of natural pictures."""
    fall = rng.uniform(0.4, 0.85)
    mask = sum(smooth_noise(rng, side, side, 2.0**octave) * fall**octave for octave in range(1, 9))
    return _blend(np.clip(mask * rng.uniform(0.2, 0.8) + 0.5, 0, 1), rng)


def _dead_leaves(rng: Generator, side: int) -> np.ndarray:
    """Shapes that cover one another, of sizes as in natural pictures (Lee et al., 2001)."""
    picture = np.empty((side, side, 3), np.float32)
    picture[:] = random_color(rng)
    for _ in range(int(rng.integers(60, 400))):
        radius = int(np.exp(rng.uniform(np.log(4), np.log(side / 4))))
        center = tuple(int(value) for value in rng.integers(0, side, 2))
        color = tuple(float(value) for value in random_color(rng))
        shape = rng.integers(3)
        if shape == 0:
            cv2.circle(picture, center, radius, color, -1)
        elif shape == 1:
            box = cv2.boxPoints((center, (2 * radius, radius * rng.uniform(0.2, 2)), rng.uniform(0, 180)))
            cv2.fillConvexPoly(picture, box.astype(np.int32), color)
        else:
            points = rng.integers(-radius, radius + 1, (int(rng.integers(3, 7)), 2)) + center
            cv2.fillPoly(picture, [points.astype(np.int32)], color)
    return picture


def _stripes(rng: Generator, side: int) -> np.ndarray:
    """Blinds, fences, corrugated sheets, shelves: lines of a period, or of random widths that soon repeat."""
    period = np.exp(rng.uniform(np.log(4), np.log(60)))
    position = np.arange(side)
    if rng.random() < 0.5:
        wave = np.sin(position * (2 * np.pi / period))
        line = np.clip(wave * rng.uniform(0.5, 6) * 0.5 + 0.5, 0, 1)
    else:
        edges = np.cumsum(rng.uniform(0.3, 1.7, int(side / period) + 2) * period)
        values = rng.random(len(edges) + 1)
        line = values[np.searchsorted(edges, position)]
    return _blend(np.broadcast_to(line.astype(np.float32), (side, side)), rng)


def _strokes(rng: Generator, side: int) -> np.ndarray:
    picture = _dead_leaves(rng, side) if rng.random() < 0.5 else _plain(rng, side)
    _draw_strokes(rng, picture, int(rng.integers(1, 9)))
    return picture


def _draw_strokes(rng: Generator, picture: np.ndarray, groups: int) -> None:
    """Railings, grilles, spokes, books, files on a shelf: lines side by side, uneven in length, width and direction."""
    side = max(picture.shape[:2])
    for _ in range(groups):
        count, length = int(rng.integers(6, 50)), np.exp(rng.uniform(np.log(15), np.log(max(16, side / 2))))
        start, angle = rng.uniform(0, side, 2), rng.uniform(0, np.pi)
        if rng.random() < 0.5:
            angle = np.pi / 2 + rng.normal(0, 0.08)
        step = np.array([np.sin(angle), -np.cos(angle)]) * length * rng.uniform(0.02, 0.3)
        fan = rng.uniform(-0.15, 0.15) if rng.random() < 0.5 else 0.0
        spread = rng.uniform(0, 0.5)
        colors = [random_color(rng) for _ in range(int(rng.integers(1, 5)))]
        thickness = max(1, int(np.hypot(*step) * rng.uniform(0.2, 0.9)))
        for index in range(count):
            along = np.array([np.cos(angle), np.sin(angle)]) * length * (1 + rng.uniform(-spread, spread))
            first = start + rng.normal(0, 0.03 * length, 2) * spread
            ends = [tuple(int(value) for value in point) for point in (first, first + along)]
            color = colors[rng.integers(len(colors))]
            cv2.line(
                picture, *ends, tuple(map(float, color)), max(1, int(thickness * rng.uniform(0.6, 1.4))), cv2.LINE_AA
            )
            start, angle = start + step, angle + fan * (index % 2 or 1)


def _fabric(rng: Generator, side: int) -> np.ndarray:
    """Woven threads of uneven thickness, as in cloth, wire mesh and rattan."""
    period = np.exp(rng.uniform(np.log(3), np.log(24)))
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    wobble = smooth_noise(rng, side, side, rng.uniform(4, 60)) * period * rng.uniform(0, 0.8)
    warp = np.sin((x + wobble) * 2 * np.pi / period)
    weft = np.sin((y + wobble) * 2 * np.pi / (period * rng.uniform(0.6, 1.6)))
    over = np.sin(x * np.pi / period) * np.sin(y * np.pi / period) if rng.random() < 0.5 else 0
    mask = np.where(over > 0, warp, weft) if rng.random() < 0.5 else warp * weft
    threads = rng.normal(0, rng.uniform(0, 0.4), (side, side)).astype(np.float32)
    streaks = cv2.blur(threads, (int(rng.integers(1, 25)), 1)) + cv2.blur(threads, (1, int(rng.integers(1, 25))))
    return _blend(np.clip(mask * rng.uniform(0.1, 0.5) + streaks + 0.5, 0, 1).astype(np.float32), rng)


def _tiles(rng: Generator, side: int) -> np.ndarray:
    """Mosaics, brick walls, paving, pixel art: cells of random brightness with joints, in rows that may be shifted."""
    size = np.exp(rng.uniform(np.log(5), np.log(80)))
    wide = size * np.exp(rng.uniform(-0.2, 1.2)) if rng.random() < 0.5 else size
    rows = int(side / size) + 2
    picture = np.empty((side, side, 3), np.float32)
    joint = random_color(rng)
    picture[:] = joint
    base, spread = random_color(rng), rng.uniform(5, 130)
    gap = rng.uniform(0.1, 0.4) * size
    round_cells = rng.random() < 0.3
    for row in range(rows):
        shift = (row % 2) * wide / 2 if rng.random() < 0.7 and wide != size else 0
        for column in range(int(side / wide) + 2):
            if size < 10 and rng.random() < 0.1:
                continue
            color = tuple(float(value) for value in base + rng.normal(0, spread))
            left, top = int(column * wide - shift), int(row * size)
            right, bottom = int(left + wide - gap), int(top + size - gap)
            if round_cells:
                cv2.circle(picture, ((left + right) // 2, (top + bottom) // 2), max(1, (bottom - top) // 2), color, -1)
            else:
                cv2.rectangle(picture, (left, top), (max(left, right), max(top, bottom)), color, -1)
    return picture


def _page(rng: Generator, side: int) -> np.ndarray:
    """Lines of print: paragraphs, columns, now and then a table or a box."""
    picture = np.full((side, side), 255, np.uint8)
    columns = int(rng.integers(1, 4))
    height = int(rng.integers(7, 34))
    for column in range(columns):
        left = column * side // columns + int(rng.integers(2, 20))
        right = (column + 1) * side // columns - int(rng.integers(2, 20))
        top = int(rng.integers(0, 60))
        while top + height < side and right - left > 20:
            if rng.random() < 0.06:
                top += int(rng.integers(1, 3) * height)
                continue
            line = draw_text(rng, random_words(rng, max(2, (right - left) // (height * 3))), height)
            rows, width = min(line.shape[0], side - top), min(line.shape[1], right - left)
            picture[top : top + rows, left : left + width] = line[:rows, :width]
            top += int(height * rng.uniform(1.05, 1.6))
    if rng.random() < 0.4:
        for position in rng.integers(0, side, int(rng.integers(2, 12))):
            if rng.random() < 0.5:
                picture[position : position + 2] = 0
            else:
                picture[:, position : position + 2] = 0
    mask = picture.astype(np.float32) / 255
    paper, ink = rng.uniform(170, 255) + rng.uniform(-15, 15, 3), rng.uniform(0, 100) + rng.uniform(-20, 20, 3)
    if rng.random() < 0.15:
        paper, ink = ink, paper
    return (ink + (paper - ink) * mask[..., None]).astype(np.float32)


def _keys(rng: Generator, side: int) -> np.ndarray:
    """Keyboards, keypads, shelves of boxes, tables of buttons: a grid of cells with a sign in each."""
    size = int(rng.integers(16, 90))
    picture = np.empty((side, side, 3), np.float32)
    picture[:] = random_color(rng)
    key, sign = random_color(rng), random_color(rng)
    for top in range(0, side, size):
        left = -int(rng.integers(0, size))
        while left < side:
            width = size * int(rng.choice([1, 1, 1, 1, 2]))
            gap = max(1, size // 10)
            cv2.rectangle(
                picture, (left + gap, top + gap), (left + width - gap, top + size - gap), tuple(map(float, key)), -1
            )
            letter = draw_text(rng, str(rng.choice(list(string.ascii_uppercase + string.digits))), size // 2)
            y, x = top + size // 4, left + width // 3
            place = picture[y : y + letter.shape[0], max(x, 0) : max(x, 0) + letter.shape[1]]
            mask = letter[: place.shape[0], : place.shape[1], None].astype(np.float32) / 255
            place[:] = sign + (place - sign) * mask
            left += width
    return picture


def _screen(rng: Generator, side: int) -> np.ndarray:
    """Windows with bars, buttons, icons and text."""
    picture = np.empty((side, side, 3), np.uint8)
    picture[:] = random_color(rng)
    for _ in range(int(rng.integers(2, 7))):
        left, top = (int(value) for value in rng.integers(-20, side - 40, 2))
        width, height = (int(value) for value in rng.integers(60, side, 2))
        body, bar, ink = random_color(rng), random_color(rng), tuple(map(float, random_color(rng)))
        cv2.rectangle(picture, (left, top), (left + width, top + height), tuple(map(float, body)), -1)
        cv2.rectangle(picture, (left, top), (left + width, top + 18), tuple(map(float, bar)), -1)
        for _ in range(int(rng.integers(2, 25))):
            x = left + int(rng.integers(0, width))
            y = top + int(rng.integers(20, height + 20))
            if rng.random() < 0.6:
                words = random_words(rng, int(rng.integers(1, 5)))
                cv2.putText(
                    picture, words, (x, y), cv2.FONT_HERSHEY_SIMPLEX, rng.uniform(0.3, 0.8), ink, 1, cv2.LINE_AA
                )
            else:
                size = int(rng.integers(5, 40))
                color = tuple(map(float, random_color(rng)))
                cv2.rectangle(picture, (x, y), (x + size, y + size), color, -1 if rng.random() < 0.5 else 1)
    return picture


def _checks(rng: Generator, side: int) -> np.ndarray:
    """Chessboards, dots and grids of one period: regular where codes are not."""
    period = int(rng.integers(4, 70))
    y, x = np.mgrid[0:side, 0:side]
    kind = rng.integers(3)
    if kind == 0:
        mask = ((x // period + y // period) % 2).astype(np.float32)
    elif kind == 1:
        mask = ((x % period < period // 4 + 1) | (y % period < period // 4 + 1)).astype(np.float32)
    else:
        half = period / 2
        mask = ((x % period - half) ** 2 + (y % period - half) ** 2 < (half * rng.uniform(0.3, 0.9)) ** 2).astype(
            np.float32
        )
    return _blend(mask, rng)


def _blobs(rng: Generator, side: int) -> np.ndarray:
    """Two-valued noise: terrazzo, camouflage, prints on cloth, worn paint, gravel."""
    cells = np.exp(rng.uniform(np.log(10), np.log(side / 3)))
    mask = smooth_noise(rng, side, side, cells) + smooth_noise(rng, side, side, cells / 3) * rng.uniform(0, 1)
    return _blend(np.clip(mask * rng.uniform(1, 12) + rng.uniform(0, 1), 0, 1), rng)


_TEXTURES = {
    _plain: 0.13,
    _clouds: 0.1,
    _dead_leaves: 0.12,
    _stripes: 0.08,
    _strokes: 0.1,
    _fabric: 0.1,
    _tiles: 0.09,
    _page: 0.09,
    _keys: 0.04,
    _screen: 0.05,
    _checks: 0.03,
    _blobs: 0.07,
}


def _tilt(rng: Generator, picture: np.ndarray) -> np.ndarray:
    """Turns and tilts a texture as a whole, as a camera would see it."""
    side = picture.shape[0]
    square = np.float32([[0, 0], [side, 0], [side, side], [0, side]])
    moved = square + rng.uniform(-0.25, 0.25, (4, 2)).astype(np.float32) * side
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), rng.uniform(0, 360), rng.uniform(1.0, 1.6))
    matrix = cv2.getPerspectiveTransform(square, moved) @ np.vstack([turn, [0, 0, 1]])
    return cv2.warpPerspective(picture, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)


class Backgrounds:
    """Backgrounds of any size, cut from photos and from a stock of textures that is renewed bit by bit."""

    def __init__(self, rng: Generator, photos: list[np.ndarray], stock: int = 120, side: int = 720) -> None:
        self._photos = photos
        self._side = side
        self._textures = [self._texture(rng) for _ in range(stock)]

    def _texture(self, rng: Generator) -> np.ndarray:
        draw = list(_TEXTURES)[rng.choice(len(_TEXTURES), p=list(_TEXTURES.values()))]
        picture = np.clip(draw(rng, self._side), 0, 255).astype(np.uint8)
        return _tilt(rng, picture) if rng.random() < 0.5 else picture

    def cut(self, rng: Generator, height: int, width: int, photo_share: float) -> np.ndarray:
        """A new picture, uint8 (height, width, 3)."""
        if rng.random() < photo_share:
            source = self._photos[rng.integers(len(self._photos))]
        else:
            if rng.random() < 0.1:
                self._textures[rng.integers(len(self._textures))] = self._texture(rng)
            source = self._textures[rng.integers(len(self._textures))]
        # At most the whole, at least a quarter; small cuts are enlarged and so get soft, as photos out of focus are.
        fits = min(source.shape[0] / height, source.shape[1] / width)
        scale = fits * np.exp(rng.uniform(np.log(0.25), 0))
        rows, columns = max(2, int(height * scale)), max(2, int(width * scale))
        top = int(rng.integers(0, source.shape[0] - rows + 1))
        left = int(rng.integers(0, source.shape[1] - columns + 1))
        cut = source[top : top + rows, left : left + columns]
        if rng.random() < 0.5:
            cut = cut[:, ::-1]
        if rng.random() < 0.1:
            cut = cut[::-1]
        how = cv2.INTER_AREA if scale > 1 and rng.random() < 0.7 else cv2.INTER_LINEAR
        picture = np.ascontiguousarray(cv2.resize(np.ascontiguousarray(cut), (width, height), interpolation=how))
        if rng.random() < 0.15:
            _draw_strokes(rng, picture, int(rng.integers(1, 6)))
        return picture
