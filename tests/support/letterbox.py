"""Ultralytics' way to bring an image into a network, by its rule."""

import cv2
import numpy as np


def letterbox_ultralytics(image: np.ndarray, size: tuple[int, int], stride: int) -> tuple[np.ndarray, int, int]:
    """Ultralytics' `LetterBox(size, auto=True, stride=stride)`, step by step: the picture, and its left and top."""
    height, width = image.shape[:2]
    ratio = min(size[0] / height, size[1] / width)
    unpadded = round(width * ratio), round(height * ratio)
    across, down = size[1] - unpadded[0], size[0] - unpadded[1]
    across, down = np.mod(across, stride) / 2, np.mod(down, stride) / 2
    if (width, height) != unpadded:
        image = cv2.resize(image, unpadded, interpolation=cv2.INTER_LINEAR)
    top, bottom = round(down - 0.1), round(down + 0.1)
    left, right = round(across - 0.1), round(across + 0.1)
    return cv2.copyMakeBorder(image, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(114,) * 3), left, top
