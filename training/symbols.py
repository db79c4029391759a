"""Real symbols of every kind that codes-n-640 finds, as bitmaps of their modules.

zxing-cpp's writer makes them: one library for all symbologies, and what it writes, readers read.
"""

from __future__ import annotations

import string
from dataclasses import dataclass

import cv2
import numpy as np
import zxingcpp
from network import CLASS_NAMES
from numpy.random import Generator

CLASS_WEIGHTS = {"qr-code": 0.24, "data-matrix": 0.2, "aztec": 0.17, "pdf417": 0.17, "barcode": 0.22}

_ALPHABETS = (string.digits, string.ascii_uppercase + string.digits, string.ascii_letters + string.digits + " .:/-?&=")


@dataclass(frozen=True)
class Symbol:
    """One symbol without its quiet zone.

    modules: uint8 (rows, columns), 0 where ink is. A row of a barcode or of a PDF417 stands for `row_height` module
    widths, in all other symbols modules are square (1.0).
    text: what may stand below or above it. guard_columns: the bars that are longer than the others (EAN and UPC).
    """

    class_name: str
    modules: np.ndarray
    row_height: float = 1.0
    text: str = ""
    guard_columns: tuple[int, ...] = ()

    @property
    def class_id(self) -> int:
        return CLASS_NAMES.index(self.class_name)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height in module widths."""
        return float(self.modules.shape[1]), self.modules.shape[0] * self.row_height


def make_symbol(rng: Generator, class_name: str | None = None, most_modules: int | None = None) -> Symbol:
    """A random symbol, of at most `most_modules` modules along a side where that is given.

    Barcodes and PDF417 are long by nature: they may have 120 in any case.
    """
    if class_name is None:
        class_name = str(rng.choice(list(CLASS_WEIGHTS), p=list(CLASS_WEIGHTS.values())))
    make = {
        "qr-code": _qr_code,
        "data-matrix": _data_matrix,
        "aztec": _aztec,
        "pdf417": _pdf417,
        "barcode": _barcode,
    }[class_name]
    while True:
        try:
            symbol = make(rng)
        except ValueError:  # the writer refuses some contents
            continue
        if most_modules is None:
            return symbol
        if max(symbol.modules.shape) <= max(most_modules, 120 if class_name in ("pdf417", "barcode") else 0):
            return symbol


def _content(rng: Generator, least: int, most: int) -> str:
    length = int(np.exp(rng.uniform(np.log(least), np.log(most))))
    alphabet = _ALPHABETS[rng.integers(len(_ALPHABETS))]
    text = "".join(rng.choice(list(alphabet), length))
    return text if rng.random() < 0.7 else ("https://" + text.replace(" ", ""))[: max(length, 9)]


def _bitmap(content: str, kind: zxingcpp.BarcodeFormat, **options: object) -> np.ndarray:
    symbol = zxingcpp.create_barcode(content, kind, **options)
    return np.array(zxingcpp.write_barcode_to_image(symbol, scale=1, add_quiet_zones=False))


def _qr_code(rng: Generator) -> Symbol:
    level = str(rng.choice(["L", "M", "Q", "H"]))
    return Symbol("qr-code", _bitmap(_content(rng, 4, 1200), zxingcpp.BarcodeFormat.QRCode, ec_level=level))


def _data_matrix(rng: Generator) -> Symbol:
    square = rng.random() < 0.72
    for _ in range(12):
        modules = _bitmap(_content(rng, 2, 800), zxingcpp.BarcodeFormat.DataMatrix)
        if (modules.shape[0] == modules.shape[1]) == square:
            break
    return Symbol("data-matrix", modules)


def _aztec(rng: Generator) -> Symbol:
    if rng.random() < 0.05:
        return Symbol("aztec", _bitmap(str(rng.integers(256)), zxingcpp.BarcodeFormat.AztecRune))
    return Symbol("aztec", _bitmap(_content(rng, 2, 1200), zxingcpp.BarcodeFormat.Aztec))


def _pdf417(rng: Generator) -> Symbol:
    kind = zxingcpp.BarcodeFormat.CompactPDF417 if rng.random() < 0.08 else zxingcpp.BarcodeFormat.PDF417
    columns = int(rng.integers(1, 13))
    modules = _bitmap(_content(rng, 6 * columns, 90 * columns), kind, columns=columns)
    rows = modules[:: _row_repeat(modules)]
    return Symbol("pdf417", rows, row_height=float(rng.uniform(1.5, 5)))


def _row_repeat(modules: np.ndarray) -> int:
    """How many equal lines the writer makes of each row."""
    changes = np.flatnonzero((modules[1:] != modules[:-1]).any(1)) + 1
    return int(np.gcd.reduce(np.append(changes, modules.shape[0])))


def _barcode(rng: Generator) -> Symbol:
    kinds = zxingcpp.BarcodeFormat
    digits = lambda count: "".join(map(str, rng.integers(0, 10, count)))  # noqa: E731
    upper = lambda count: "".join(rng.choice(list(_ALPHABETS[1]), count))  # noqa: E731
    length = int(rng.integers(3, 18))
    content, kind, guards = [
        (digits(12), kinds.EAN13, (0, 2, 46, 48, 92, 94)),
        (digits(11), kinds.UPCA, (0, 2, 46, 48, 92, 94)),
        (digits(7), kinds.EAN8, (0, 2, 32, 34, 64, 66)),
        ("0" + digits(6), kinds.UPCE, (0, 2, 46, 48, 50)),
        (_content(rng, 3, 24), kinds.Code128, ()),
        (upper(length), kinds.Code39, ()),
        (upper(length), kinds.Code93, ()),
        (digits(2 * int(rng.integers(2, 12))), kinds.ITF, ()),
        ("A" + digits(length) + "B", kinds.Codabar, ()),
        (digits(13), kinds.DataBarOmni, ()),
    ][rng.choice(10, p=[0.22, 0.16, 0.07, 0.04, 0.2, 0.1, 0.04, 0.11, 0.03, 0.03])]
    modules = _bitmap(content, kind)
    row = modules[modules.shape[0] // 4][None]
    ink = np.flatnonzero(row[0] == 0)
    row = row[:, ink[0] : ink[-1] + 1]
    width = row.shape[1]
    height = width / np.exp(rng.uniform(np.log(1.15), np.log(9)))
    return Symbol("barcode", row, row_height=float(height), text=content, guard_columns=guards)


def make_supplement(rng: Generator) -> np.ndarray:
    """The bars of the supplement of an EAN or UPC, uint8 (1, columns), 0 where ink is."""
    count, kind = (5, zxingcpp.BarcodeFormat.EAN5) if rng.random() < 0.6 else (2, zxingcpp.BarcodeFormat.EAN2)
    return _bitmap("".join(map(str, rng.integers(0, 10, count))), kind)[:1]


def draw(symbol: Symbol, scale: float, rng: Generator) -> np.ndarray:
    """Ink (0) on paper (255), uint8, about `scale` pixels a module; modules may be round, ink may have spread."""
    width, height = (max(1, round(side * scale)) for side in symbol.size)
    style = rng.random()
    if symbol.class_name in ("qr-code", "data-matrix") and style < 0.07 and scale >= 4:
        return _draw_dots(symbol, width, height, rng)
    picture = cv2.resize(
        symbol.modules, (width, height), interpolation=cv2.INTER_NEAREST if scale >= 1 else cv2.INTER_AREA
    )
    if scale >= 3 and style > 0.85:
        across = int(rng.integers(1, max(2, int(scale * 0.4)) + 1))
        kernel = np.ones((across if symbol.class_name not in ("barcode", "pdf417") else 1, across), np.uint8)
        picture = cv2.erode(picture, kernel) if rng.random() < 0.6 else cv2.dilate(picture, kernel)
    return picture


def _draw_dots(symbol: Symbol, width: int, height: int, rng: Generator) -> np.ndarray:
    rows, columns = symbol.modules.shape
    side = max(4, round(width / columns))
    dot = np.full((side, side), 255, np.uint8)
    cv2.circle(dot, (side // 2, side // 2), max(1, int(side * rng.uniform(0.35, 0.5))), 0, -1)
    picture = np.where(np.kron(symbol.modules == 0, np.ones((side, side), bool)), np.tile(dot, (rows, columns)), 255)
    picture = picture.astype(np.uint8)
    if symbol.class_name == "qr-code":  # finder patterns mostly stay whole
        for row, column in ((0, 0), (0, columns - 7), (rows - 7, 0)):
            finder = symbol.modules[row : row + 7, column : column + 7]
            place = np.s_[row * side : (row + 7) * side, column * side : (column + 7) * side]
            picture[place] = cv2.resize(finder, (7 * side, 7 * side), interpolation=cv2.INTER_NEAREST)
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
