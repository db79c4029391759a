"""What happens to a picture between the scene and the file: light, lens, sensor, compression."""

from __future__ import annotations

import cv2
import numpy as np
from backgrounds import smooth_noise
from numpy.random import Generator


def spoil(rng: Generator, pixels: np.ndarray, strength: float = 1.0) -> np.ndarray:
    """All of it, here and there; `strength` scales how often and how much."""
    height, width = pixels.shape[:2]
    side = max(height, width)
    if rng.random() < 0.45 * strength:
        light = 1 + smooth_noise(rng, height, width, rng.uniform(0.7, 3)) * rng.uniform(0.1, 0.6) * strength
        pixels = (pixels * light[..., None]).clip(0, 255).astype(np.uint8)
    if rng.random() < 0.12 * strength:
        pixels = _glare(rng, pixels)
    if rng.random() < 0.4:
        pixels = cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    if rng.random() < 0.4 * strength:
        gamma = np.exp(rng.uniform(-0.7, 0.7))
        table = (np.linspace(0, 1, 256) ** gamma * 255 * rng.uniform(0.45, 1.1)).clip(0, 255).astype(np.uint8)
        pixels = cv2.LUT(pixels, table)
    blur = rng.random()
    if blur < 0.3 * strength:
        sigma = np.exp(rng.uniform(np.log(0.4), np.log(0.5 + side / 200))) * strength
        pixels = cv2.GaussianBlur(pixels, (0, 0), sigma)
    elif blur < 0.4 * strength:
        reach = int(rng.integers(1, max(3, side // 80)))
        kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
        way = (rng.uniform(-1, 1, 2) * reach).astype(int)
        ends = [
            tuple(int(value) for value in reach + sign * way) for sign in (-1, 1)
        ]  # symmetric: blurs, moves nothing
        cv2.line(kernel, *ends, 1)
        pixels = cv2.filter2D(pixels, -1, kernel / max(kernel.sum(), 1))
    if rng.random() < 0.25 * strength:
        factor = rng.uniform(1.1, 2.6)
        small = cv2.resize(
            pixels, (max(2, int(width / factor)), max(2, int(height / factor))), interpolation=cv2.INTER_AREA
        )
        how = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST)[rng.choice(3, p=[0.5, 0.35, 0.15])]
        pixels = cv2.resize(small, (width, height), interpolation=how)
    if rng.random() < 0.4 * strength:
        noise = np.empty((height, width, 1 if rng.random() < 0.5 else 3), np.int16)
        cv2.setRNGSeed(int(rng.integers(2**31)))  # several times as fast as numpy's
        cv2.randn(noise, 0, float(np.exp(rng.uniform(np.log(2), np.log(18)))))
        pixels = (pixels + noise).clip(0, 255).astype(np.uint8)
    if rng.random() < 0.5 * strength:
        quality = int(rng.integers(20, 96))
        pixels = cv2.imdecode(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)
    if rng.random() < 0.06 * strength:  # two colours only, as scanners and test files have
        gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
        window = max(3, int(side * rng.uniform(0.05, 0.3)) | 1)
        gray = cv2.adaptiveThreshold(
            gray, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, window, int(rng.integers(2, 12))
        )
        pixels = cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB)
    return pixels


def _glare(rng: Generator, pixels: np.ndarray) -> np.ndarray:
    height, width = pixels.shape[:2]
    y, x = np.ogrid[0:height, 0:width]
    cx, cy = rng.uniform(0, width), rng.uniform(0, height)
    rx, ry = np.exp(rng.uniform(np.log(0.03), np.log(0.3), 2)) * max(height, width)
    spot = np.exp(-(((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2)).astype(np.float32)
    return (pixels + spot[..., None] * rng.uniform(60, 300)).clip(0, 255).astype(np.uint8)
