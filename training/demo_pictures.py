"""Draws the pictures that `make demo` shows codes-n-640: things with codes on a table, as a camera might see them.

    python training/demo_pictures.py examples/pictures

Everything in them is drawn here, so that they may be given to anybody; no picture of the training looks like them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import zxingcpp
from backgrounds import draw_text, smooth_noise
from numpy.random import Generator
from PIL import Image

WIDTH, HEIGHT = 1280, 960


def symbol(content: str, kind: zxingcpp.BarcodeFormat, scale: int, **options: object) -> np.ndarray:
    """Ink 0 on paper 255, with its quiet zone."""
    image = zxingcpp.write_barcode_to_image(zxingcpp.create_barcode(content, kind, **options), scale=scale)
    return np.array(image)


def wood(rng: Generator) -> np.ndarray:
    """A table of planks."""
    table = np.empty((HEIGHT, WIDTH, 3), np.float32)
    plank = 240
    for top in range(0, HEIGHT, plank):
        grain = smooth_noise(rng, plank, WIDTH * 8, 300)[:, : WIDTH * 8 : 8]
        rings = np.sin(smooth_noise(rng, plank, WIDTH, 3) * 9 + np.linspace(0, 14, plank)[:, None]) * 0.4
        shade = 0.75 + 0.06 * grain + 0.07 * rings + rng.uniform(-0.06, 0.06)
        table[top : top + plank] = np.float32([176, 128, 84]) * shade[..., None]
        table[top : top + 3] *= 0.55
    return table


def paper(height: int, width: int, color: tuple[int, int, int], rng: Generator) -> np.ndarray:
    texture = 1 + 0.02 * smooth_noise(rng, height, width, 60)
    return np.float32(color) * texture[..., None]


def print_on(sheet: np.ndarray, ink: np.ndarray, left: int, top: int) -> None:
    rows, columns = ink.shape
    place = sheet[top : top + rows, left : left + columns]
    place *= np.maximum(ink[: place.shape[0], : place.shape[1], None].astype(np.float32) / 255, 0.12)


def write(sheet: np.ndarray, lines: list[str], left: int, top: int, height: int, rng: Generator) -> None:
    for line in lines:
        print_on(sheet, draw_text(rng, line, height), left, top)
        top += int(height * 1.4)


def lay(table: np.ndarray, sheet: np.ndarray, corners: list[tuple[int, int]]) -> None:
    """Puts a sheet with its corners (clockwise from the upper left) there, with a soft shadow below it."""
    rows, columns = sheet.shape[:2]
    source = np.float32([[0, 0], [columns, 0], [columns, rows], [0, rows]])
    matrix = cv2.getPerspectiveTransform(source, np.float32(corners))
    seen = cv2.warpPerspective(sheet, matrix, (WIDTH, HEIGHT), flags=cv2.INTER_AREA)
    cover = cv2.warpPerspective(np.ones((rows, columns), np.float32), matrix, (WIDTH, HEIGHT))
    shadow = cv2.GaussianBlur(np.roll(cover, (14, 10), (0, 1)), (0, 0), 12)
    table *= 1 - 0.55 * shadow[..., None]
    table *= 1 - cover[..., None]
    table += seen * cover[..., None]


def photograph(rng: Generator, table: np.ndarray) -> np.ndarray:
    """Light from one side, a lens that is not perfectly sharp, a sensor with noise."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    light = 1.12 - 0.45 * np.hypot((x - 380) / WIDTH, (y - 200) / HEIGHT)
    picture = cv2.GaussianBlur(table * light[..., None], (0, 0), 0.8)
    picture += rng.normal(0, 3.5, picture.shape)
    return picture.clip(0, 255).astype(np.uint8)


def parcel(rng: Generator) -> np.ndarray:
    table = wood(rng)
    box = paper(720, 940, (196, 152, 104), rng)
    box[345:375] *= 0.9
    lay(table, box, [(150, 130), (1080, 80), (1180, 800), (90, 860)])
    label = paper(700, 900, (246, 245, 240), rng)
    write(label, ["EXPRESS PARCEL", "12 Harbour Lane", "4051 Basel"], 40, 30, 40, rng)
    print_on(label, symbol("https://example.com/track/1Z-999-04", zxingcpp.BarcodeFormat.QRCode, 6), 640, 24)
    print_on(label, np.repeat(symbol("JD014600003SE", zxingcpp.BarcodeFormat.Code128, 4)[:1], 170, 0), 40, 270)
    write(label, ["JD01 4600 003 SE"], 160, 455, 30, rng)
    ticket = symbol("PARCEL|4051|BASEL|2.40KG|EXPRESS|JD014600003SE", zxingcpp.BarcodeFormat.PDF417, 3, columns=5)
    print_on(label, ticket, 40, 520)
    lay(table, label, [(270, 230), (930, 195), (985, 690), (235, 735)])
    return photograph(rng, table)


def desk(rng: Generator) -> np.ndarray:
    table = wood(rng)
    card = paper(420, 900, (230, 236, 244), rng)
    card[:90] = paper(90, 900, (40, 92, 160), rng)
    write(card, ["BOARDING PASS", "ZRH - LIS  GATE A42", "SEAT 17C  08:25"], 40, 120, 44, rng)
    print_on(card, symbol("M1MEIER/ANNA EABC123 ZRHLISTP 0943 326Y017C0025", zxingcpp.BarcodeFormat.Aztec, 6), 640, 160)
    lay(table, card, [(70, 120), (680, 60), (720, 340), (100, 420)])
    medicine = paper(300, 520, (250, 250, 250), rng)
    medicine[:, :70] = paper(300, 70, (190, 40, 60), rng)
    write(medicine, ["IBUPROFEN 400", "20 TABLETS", "LOT X7C91  EXP 11/28"], 95, 30, 34, rng)
    print_on(medicine, symbol("01076123450001231728110010X7C91-1", zxingcpp.BarcodeFormat.DataMatrix, 6), 370, 150)
    lay(table, medicine, [(800, 180), (1180, 260), (1130, 490), (745, 400)])
    book = paper(620, 480, (34, 70, 60), rng)
    book[380:600, 60:420] = paper(220, 360, (245, 244, 238), rng)
    print_on(book, np.repeat(symbol("978030640615", zxingcpp.BarcodeFormat.EAN13, 3)[:1], 140, 0), 75, 400)
    print_on(book, draw_text(rng, "9 780306 406157", 34), 100, 548)
    book[60:66, 60:420] = 220
    lay(table, book, [(180, 500), (560, 470), (610, 930), (200, 950)])
    sticker = paper(260, 260, (250, 214, 70), rng)
    print_on(sticker, symbol("WIFI:S:workshop;T:WPA;P:screwdriver;;", zxingcpp.BarcodeFormat.QRCode, 5), 45, 45)
    lay(table, sticker, [(850, 620), (1050, 560), (1110, 760), (905, 820)])
    return photograph(rng, table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    directory = parser.parse_args().directory
    directory.mkdir(parents=True, exist_ok=True)
    for name, draw in (("parcel", parcel), ("desk", desk)):
        Image.fromarray(draw(np.random.default_rng(4))).save(directory / f"{name}.jpg", quality=88)


if __name__ == "__main__":
    main()
