"""The C++ pre-processing for tests and benchmarks in Python, through libinference_models_testing.so."""

from __future__ import annotations

import ctypes
import math
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

CONTRASTS = {"adaptive_equalization": 0, "contrast_stretching": 1, "histogram_equalization": 2}
RESIZE_MODES = {"stretch": 0, "letterbox": 1, "center_crop": 2, "letterbox_reflect_edges": 3}
GEOMETRIES = {"truncate": 0, "round": 1}
COLORS = {"bgr": 0, "rgb": 1, "gray": 2}


@dataclass(frozen=True)
class Rules:
    """`PreProcessing` of src/vision/pre_processing.hpp; sizes are (width, height)."""

    network_size: tuple[int, int]
    rect_stride: int = 0
    static_crop: tuple[int, int, int, int] | None = None
    grayscale: bool = False
    contrast: str | None = None
    resize_mode: str = "letterbox"
    letterbox_geometry: str = "truncate"
    padding_value: int = 0
    network_color: str = "rgb"
    scaling_factor: float | None = None
    normalization: tuple[tuple[float, ...], tuple[float, ...]] | None = None


class _Rules(ctypes.Structure):
    _fields_ = [
        ("static_crop", ctypes.c_int32 * 4),
        ("has_static_crop", ctypes.c_int32),
        ("grayscale", ctypes.c_int32),
        ("contrast", ctypes.c_int32),
        ("resize_mode", ctypes.c_int32),
        ("letterbox_geometry", ctypes.c_int32),
        ("network_width", ctypes.c_int32),
        ("network_height", ctypes.c_int32),
        ("rect_stride", ctypes.c_int32),
        ("padding_value", ctypes.c_int32),
        ("network_color", ctypes.c_int32),
        ("scaling_factor", ctypes.c_float),
        ("has_normalization", ctypes.c_int32),
        ("mean", ctypes.c_float * 3),
        ("deviation", ctypes.c_float * 3),
    ]

    def __init__(self, rules: Rules):
        mean, deviation = rules.normalization or ((0, 0, 0), (1, 1, 1))
        super().__init__(
            (ctypes.c_int32 * 4)(*(rules.static_crop or (0, 0, 100, 100))),
            rules.static_crop is not None,
            rules.grayscale,
            -1 if rules.contrast is None else CONTRASTS[rules.contrast],
            RESIZE_MODES[rules.resize_mode],
            GEOMETRIES[rules.letterbox_geometry],
            *rules.network_size,
            rules.rect_stride,
            rules.padding_value,
            COLORS[rules.network_color],
            -1.0 if rules.scaling_factor is None else rules.scaling_factor,
            rules.normalization is not None,
            (ctypes.c_float * 3)(*mean),
            (ctypes.c_float * 3)(*deviation),
        )


class Metadata(ctypes.Structure):
    _fields_ = [
        ("crop_x", ctypes.c_int32),
        ("crop_y", ctypes.c_int32),
        ("crop_width", ctypes.c_int32),
        ("crop_height", ctypes.c_int32),
        ("pad_left", ctypes.c_int32),
        ("pad_top", ctypes.c_int32),
        ("scale_x", ctypes.c_double),
        ("scale_y", ctypes.c_double),
        ("network_width", ctypes.c_int32),
        ("network_height", ctypes.c_int32),
    ]


def library_path() -> Path | None:
    """Where the library is, or None: INFERENCE_MODELS_BUILD_DIR names the build folder."""
    folder = os.environ.get("INFERENCE_MODELS_BUILD_DIR")
    path = Path(folder or "") / "lib" / "libinference_models_testing.so"
    return path if folder and path.is_file() else None


def data_folder() -> Path | None:
    """Photos and models, which are not part of the repository."""
    default = Path(__file__).resolve().parents[3] / "shared"
    path = Path(os.environ.get("INFERENCE_MODELS_TEST_DATA", default))
    return path if path.is_dir() else None


def aligned_memory(shape: tuple[int, ...], dtype: type) -> np.ndarray:
    """Begins on a cache line, as a network's input does."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    memory = np.empty(size + 64, np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + size].view(dtype).reshape(shape)


class PreProcessor:
    def __init__(self, library: Path):
        self._library = ctypes.CDLL(str(library))
        self._pre_process = self._library.inference_models_test_pre_process
        self._pre_process.argtypes = [
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_int32,
            ctypes.c_int32,
            ctypes.c_size_t,
            ctypes.c_void_p,
            ctypes.c_int32,
            ctypes.c_int32,
            ctypes.c_void_p,
            ctypes.c_size_t,
            ctypes.c_void_p,
            ctypes.c_char_p,
            ctypes.c_size_t,
        ]
        self._library.inference_models_test_instruction_sets.restype = ctypes.c_char_p
        self._library.inference_models_test_force_instruction_set.restype = ctypes.c_char_p

    def instruction_sets(self) -> list[str]:
        """What this machine can run, the best first."""
        return self._library.inference_models_test_instruction_sets().decode().split()

    def force_instruction_set(self, name: str) -> str:
        """Returns the one that then really runs. An empty name: the best one again."""
        return self._library.inference_models_test_force_instruction_set(name.encode()).decode()

    def prepare(self, image: np.ndarray, rules: Rules, color: str = "bgr", memory: np.ndarray | None = None,
                dtype: type = np.float32, layout: str = "nchw"):  # fmt: skip
        """A function without arguments that runs the pass into `memory` and returns (memory, metadata)."""
        width, height = rules.network_size
        if memory is None:
            shape = (3, height, width) if layout == "nchw" else (height, width, 3)
            memory = aligned_memory(shape, dtype)
            memory.fill(np.nan)
        assert image.dtype == np.uint8 and (image.shape[1] == 1 or image.strides[1] == (1 if color == "gray" else 3))
        metadata = Metadata()
        message = ctypes.create_string_buffer(1000)
        c_rules = _Rules(rules)
        arguments = (
            image.ctypes.data,
            image.shape[1],
            image.shape[0],
            COLORS[color],
            image.strides[0],
            ctypes.addressof(c_rules),
            memory.dtype == np.float16,
            layout == "nhwc",
            memory.ctypes.data,
            memory.nbytes,
            ctypes.addressof(metadata),
            message,
            len(message),
        )
        keep_alive = (image, c_rules)

        def run(function=self._pre_process, arguments=arguments, keep_alive=keep_alive):
            if function(*arguments) != 0:
                raise ValueError(message.value.decode())
            return memory, metadata

        return run

    def __call__(self, image: np.ndarray, rules: Rules, color: str = "bgr", **options):
        return self.prepare(image, rules, color, **options)()
