"""The pre-processing against OpenCV, numpy and scikit-image, bit for bit, on every instruction set of this machine.

Needs a build: INFERENCE_MODELS_BUILD_DIR names its folder.
"""

from __future__ import annotations

import math
import warnings

import cv2
import numpy as np
import pytest
from support.letterbox import letterbox_ultralytics
from support.pre_processing import PreProcessor, Rules, aligned_memory, data_folder, library_path

LIBRARY = library_path()
if LIBRARY is None:
    pytest.skip("INFERENCE_MODELS_BUILD_DIR names no folder with a build of the tests", allow_module_level=True)
PRE_PROCESSOR = PreProcessor(LIBRARY)
INSTRUCTION_SETS = PRE_PROCESSOR.instruction_sets()


@pytest.fixture
def pre_process():
    PRE_PROCESSOR.force_instruction_set("")
    return PRE_PROCESSOR


@pytest.fixture(params=INSTRUCTION_SETS)
def pre_process_everywhere(request):
    """The pre-processing, forced to one instruction set after the other."""
    assert PRE_PROCESSOR.force_instruction_set(request.param) == request.param
    yield PRE_PROCESSOR
    PRE_PROCESSOR.force_instruction_set("")


def noise(rng: np.random.Generator, width: int, height: int) -> np.ndarray:
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


def resize(image: np.ndarray, width: int, height: int) -> np.ndarray:
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)


def letterbox_truncated(width: int, height: int, to_width: int, to_height: int):
    """Roboflow's: (inner width, inner height, left, top, scale x, scale y)."""
    scale = min(to_width / width, to_height / height)
    inner_width, inner_height = max(int(width * scale), 1), max(int(height * scale), 1)
    left, top = int((to_width - inner_width) / 2), int((to_height - inner_height) / 2)
    return inner_width, inner_height, left, top, scale, scale


def letterbox_rounded(width: int, height: int, to_width: int, to_height: int):
    """Ultralytics' LetterBox, and ops.scale_boxes for the way back."""
    scale = min(to_width / width, to_height / height)
    inner_width, inner_height = max(round(width * scale), 1), max(round(height * scale), 1)
    left = round((to_width - inner_width) / 2 - 0.1)
    top = round((to_height - inner_height) / 2 - 0.1)
    return inner_width, inner_height, left, top, inner_width / width, inner_height / height


def letterboxed(image: np.ndarray, to_width: int, to_height: int, rule=letterbox_truncated, padding: int = 0,
                border: int = cv2.BORDER_CONSTANT) -> np.ndarray:  # fmt: skip
    width, height, left, top, _, _ = rule(image.shape[1], image.shape[0], to_width, to_height)
    resized = resize(image, width, height)
    right, bottom = to_width - left - width, to_height - top - height
    return cv2.copyMakeBorder(resized, top, bottom, left, right, border, value=(padding,) * 3)


def rectangle_truncated(image: np.ndarray, size: tuple[int, int], stride: int) -> tuple[np.ndarray, int, int]:
    """The same with Roboflow's geometry."""
    inner_width, inner_height, *_ = letterbox_truncated(image.shape[1], image.shape[0], size[1], size[0])
    width, height = math.ceil(inner_width / stride) * stride, math.ceil(inner_height / stride) * stride
    left, top = (width - inner_width) // 2, (height - inner_height) // 2
    resized = resize(image, inner_width, inner_height)
    right, bottom = width - inner_width - left, height - inner_height - top
    return cv2.copyMakeBorder(resized, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(114,) * 3), left, top


RECTANGLES = {"round": letterbox_ultralytics, "truncate": rectangle_truncated}


def assert_rectangle(pre_process: PreProcessor, image: np.ndarray, size: tuple[int, int], stride: int, rule: str):
    """The smallest input is the one that OpenCV makes by the rule, bit for bit; sizes are (height, width)."""
    picture, left, top = RECTANGLES[rule](image, size, stride)
    height, width = picture.shape[:2]
    assert height % stride == width % stride == 0
    assert height <= size[0] and width <= size[1]
    rules = Rules(size[::-1], rect_stride=stride, letterbox_geometry=rule, scaling_factor=255.0, padding_value=114)
    memory = aligned_memory((3, height, width), np.float32)
    got, metadata = pre_process(image, rules, memory=memory)
    np.testing.assert_array_equal(got, network_input(picture, scaling=255), f"{image.shape} -> {size}")
    assert (metadata.network_width, metadata.network_height) == (width, height)
    assert (metadata.pad_left, metadata.pad_top) == (left, top)


def network_input(picture: np.ndarray, swap: bool = True, scaling=None, normalization=None) -> np.ndarray:
    """[3, height, width] in float32, each step as numpy does it."""
    values = picture.astype(np.float32)
    if swap:
        values = values[:, :, ::-1]
    if scaling is not None:
        values = values / np.float32(scaling)
    if normalization is not None:
        mean, deviation = (np.asarray(part, np.float32) for part in normalization)
        values = (values - mean) / deviation
    return np.ascontiguousarray(values.transpose(2, 0, 1))


def random_side(rng: np.random.Generator, largest: int) -> int:
    """Small sides are as likely as large ones."""
    return max(1, round(math.exp(rng.uniform(0, math.log(largest)))))


def random_sizes(count: int):
    """Images of up to 20000x1 and 1x20000, shrunk and magnified; many of exactly twice the network's size, where
    OpenCV takes another way."""
    rng = np.random.default_rng(20250101)
    sizes = [
        (20000, 1, 640, 640),
        (1, 20000, 640, 640),
        (1, 1, 640, 480),
        (1, 1, 1, 1),
        (2, 2, 1, 1),
        (65500, 1, 32, 7),
    ]
    while len(sizes) < count:
        to_width, to_height = random_side(rng, 300), random_side(rng, 300)
        if len(sizes) % 10 == 0:
            width, height = to_width * 2, to_height * 2
        else:
            width = random_side(rng, 20000)
            height = random_side(rng, max(1, min(20000, 400_000 // width)))
        sizes.append((width, height, to_width, to_height))
    return sizes


def test_letterbox_equals_opencv_on_a_thousand_sizes(pre_process_everywhere):
    rng = np.random.default_rng(1)
    for width, height, to_width, to_height in random_sizes(1000):
        image = noise(rng, width, height)
        rules = Rules((to_width, to_height), scaling_factor=255.0, padding_value=114)
        got, metadata = pre_process_everywhere(image, rules)
        expected = network_input(letterboxed(image, to_width, to_height, padding=114), scaling=255)
        np.testing.assert_array_equal(got, expected, f"{width}x{height} -> {to_width}x{to_height}")
        _, _, left, top, scale, _ = letterbox_truncated(width, height, to_width, to_height)
        assert (metadata.pad_left, metadata.pad_top) == (left, top)
        assert metadata.scale_x == metadata.scale_y == scale


@pytest.mark.parametrize("rule", RECTANGLES)
def test_rectangles_equal_ultralytics_on_random_sizes(pre_process_everywhere, rule):
    rng = np.random.default_rng(20260101)
    shapes = [(449, 641), (1, 640), (640, 1), (641, 640), (33, 1000), (1000, 33), (32, 32), (640, 640)]
    shapes += [(int(rng.integers(20, 900)), int(rng.integers(20, 900))) for _ in range(150)]
    for i, (height, width) in enumerate(shapes):
        stride = (32, 32, 64, 8, 1, 5)[i % 6]
        size = tuple(int(side) * stride for side in rng.integers(1, max(2, 700 // stride), 2))
        if min(size) / max(height, width) * min(height, width) < 1:
            continue  # Ultralytics cannot make an image of no pixels
        assert_rectangle(pre_process_everywhere, noise(rng, width, height), size, stride, rule)


def test_stretch_equals_opencv(pre_process_everywhere):
    rng = np.random.default_rng(2)
    for width, height, to_width, to_height in random_sizes(200):
        image = noise(rng, width, height)
        rules = Rules((to_width, to_height), resize_mode="stretch", network_color="bgr")
        got, metadata = pre_process_everywhere(image, rules)
        np.testing.assert_array_equal(got, network_input(resize(image, to_width, to_height), swap=False))
        assert (metadata.scale_x, metadata.scale_y) == (to_width / width, to_height / height)


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize("color", ["bgr", "rgb"])
@pytest.mark.parametrize("network_color", ["bgr", "rgb"])
@pytest.mark.parametrize("normalization", [None, ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))])
def test_every_kind_of_network_input(pre_process_everywhere, layout, dtype, color, network_color, normalization):
    rng = np.random.default_rng(3)
    for size in [(64, 48), (61, 47), (5, 3)]:
        image = noise(rng, 101, 67)
        rules = Rules(size, padding_value=127, network_color=network_color, scaling_factor=255.0,
                      normalization=normalization)  # fmt: skip
        got, _ = pre_process_everywhere(image, rules, color, dtype=dtype, layout=layout)
        picture = letterboxed(image, *size, padding=127)
        expected = network_input(picture, swap=color != network_color, scaling=255, normalization=normalization)
        expected = expected.astype(dtype)
        np.testing.assert_array_equal(got, expected if layout == "nchw" else expected.transpose(1, 2, 0))


@pytest.mark.parametrize("scaling", [None, 1.0, 2.0, 127.5, 255.0, 3.7, 1e-3, 1e30, 1e-30, 57.12])
def test_scaling_is_a_float32_division(pre_process_everywhere, scaling):
    image = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    got, _ = pre_process_everywhere(image, Rules((16, 16), scaling_factor=scaling))
    np.testing.assert_array_equal(got, network_input(image, scaling=scaling))
    halves, _ = pre_process_everywhere(image, Rules((16, 16), scaling_factor=scaling), dtype=np.float16)
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(halves, network_input(image, scaling=scaling).astype(np.float16))


def test_ultralytics_letterbox(pre_process):
    rng = np.random.default_rng(4)
    for width, height, to_width, to_height in random_sizes(300):
        image = noise(rng, width, height)
        rules = Rules((to_width, to_height), letterbox_geometry="round", padding_value=114, scaling_factor=255.0)
        got, metadata = pre_process(image, rules)
        picture = letterboxed(image, to_width, to_height, letterbox_rounded, padding=114)
        np.testing.assert_array_equal(got, network_input(picture, scaling=255))
        _, _, left, top, scale_x, scale_y = letterbox_rounded(width, height, to_width, to_height)
        assert (metadata.pad_left, metadata.pad_top) == (left, top)
        assert (metadata.scale_x, metadata.scale_y) == (scale_x, scale_y)


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_reflected_edges(pre_process, layout, dtype):
    rng = np.random.default_rng(5)
    for width, height, to_width, to_height in [*random_sizes(100), (40, 2, 64, 64), (1, 9, 32, 33)]:
        image = noise(rng, width, height)
        rules = Rules((to_width, to_height), resize_mode="letterbox_reflect_edges")
        got, _ = pre_process(image, rules, dtype=dtype, layout=layout)
        expected = network_input(letterboxed(image, to_width, to_height, border=cv2.BORDER_REFLECT_101)).astype(dtype)
        np.testing.assert_array_equal(got, expected if layout == "nchw" else expected.transpose(1, 2, 0))


def test_center_crop(pre_process):
    rng = np.random.default_rng(6)
    for width, height, to_width, to_height in random_sizes(200):
        image = noise(rng, width, height)
        rules = Rules((to_width, to_height), resize_mode="center_crop")
        got, metadata = pre_process(image, rules)
        x, y = max(width - to_width, 0) // 2, max(height - to_height, 0) // 2
        part = image[y : y + to_height, x : x + to_width]
        left, top = (to_width - part.shape[1]) // 2, (to_height - part.shape[0]) // 2
        canvas = np.zeros((to_height, to_width, 3), np.uint8)
        canvas[top : top + part.shape[0], left : left + part.shape[1]] = part
        np.testing.assert_array_equal(got, network_input(canvas))
        assert (metadata.pad_left, metadata.pad_top) == (left - x, top - y)
        assert metadata.scale_x == metadata.scale_y == 1


def test_static_crop(pre_process):
    rng = np.random.default_rng(7)
    for _ in range(200):
        width, height = (int(side) for side in rng.integers(1, 200, 2))
        x_min, y_min = (int(edge) for edge in rng.integers(0, 99, 2))
        x_max, y_max = int(rng.integers(x_min + 1, 101)), int(rng.integers(y_min + 1, 101))
        image = noise(rng, width, height)
        part = image[
            int(y_min / 100 * height) : int(y_max / 100 * height), int(x_min / 100 * width) : int(x_max / 100 * width)
        ]
        rules = Rules((32, 24), static_crop=(x_min, y_min, x_max, y_max))
        if part.size == 0:
            with pytest.raises(ValueError, match="static crop"):
                pre_process(image, rules)
            continue
        got, metadata = pre_process(image, rules)
        np.testing.assert_array_equal(got, network_input(letterboxed(part, 32, 24)))
        assert (metadata.crop_x, metadata.crop_y) == (int(x_min / 100 * width), int(y_min / 100 * height))
        assert (metadata.crop_height, metadata.crop_width) == part.shape[:2]


@pytest.mark.parametrize("color", ["bgr", "rgb"])
def test_grayscale_equals_cvt_color(pre_process, color):
    levels = np.arange(0, 256, 3)
    cube = np.stack(np.meshgrid(levels, levels, levels), -1).reshape(86 * 43, 172, 3).astype(np.uint8)
    conversion = cv2.COLOR_BGR2GRAY if color == "bgr" else cv2.COLOR_RGB2GRAY
    rules = Rules((cube.shape[1], cube.shape[0]), grayscale=True)
    got, _ = pre_process(cube, rules, color)
    np.testing.assert_array_equal(got, np.stack([cv2.cvtColor(cube, conversion)] * 3).astype(np.float32))


@pytest.mark.parametrize("contrast", [None, "contrast_stretching"])
def test_a_gray_image_is_three_equal_channels(pre_process_everywhere, contrast):
    rng = np.random.default_rng(8)
    for width, height in [(100, 60), (1, 1), (7, 300), (2000, 3)]:
        gray = noise(rng, width, height)[:, :, 0].copy()
        rules = Rules((64, 48), scaling_factor=255.0, contrast=contrast, static_crop=(0, 0, 100, 100))
        got, _ = pre_process_everywhere(gray, rules, "gray")
        expected, _ = pre_process_everywhere(np.repeat(gray[:, :, None], 3, 2), rules, "bgr")
        np.testing.assert_array_equal(got, expected)


def test_rows_may_lie_apart(pre_process_everywhere):
    rng = np.random.default_rng(9)
    large = noise(rng, 300, 200)
    part = large[13:150, 17:201]
    rules = Rules((160, 160), scaling_factor=255.0)
    got, _ = pre_process_everywhere(part, rules)
    expected, _ = pre_process_everywhere(np.ascontiguousarray(part), rules)
    np.testing.assert_array_equal(got, expected)


def photos() -> list[np.ndarray]:
    data = data_folder()
    return [] if data is None else [cv2.imread(str(path)) for path in sorted((data / "images").rglob("*.*g"))]


def contrast_pictures() -> list[np.ndarray]:
    rng = np.random.default_rng(10)
    pictures = [np.full((20, 30, 3), value, np.uint8) for value in (0, 1, 77, 255)]
    pictures += [noise(rng, 1, 1), noise(rng, 3000, 1), noise(rng, 1, 3000)]
    for _ in range(100):
        width, height = (int(side) for side in rng.integers(1, 90, 2))
        low = int(rng.integers(0, 255))
        pictures.append(rng.integers(low, int(rng.integers(low + 1, 257)), (height, width, 3), dtype=np.uint8))
    return pictures + photos()


def adjust_contrast(picture: np.ndarray, contrast: str) -> np.ndarray:
    """As inference_models 0.36 calls scikit-image."""
    exposure = pytest.importorskip("skimage.exposure", reason="needs the package scikit-image")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if contrast == "adaptive_equalization":
            return (exposure.equalize_adapthist(picture.astype(np.float32) / 255, clip_limit=0.03) * 255).astype(
                np.uint8
            )
        if contrast == "histogram_equalization":
            return (exposure.equalize_hist(picture.astype(np.float32) / 255) * 255).astype(np.uint8)
        limits = (np.percentile(picture, 2), np.percentile(picture, 98))
        return exposure.rescale_intensity(picture, in_range=limits)


@pytest.mark.parametrize("contrast", ["adaptive_equalization", "contrast_stretching", "histogram_equalization"])
def test_contrast_equals_scikit_image(pre_process, contrast):
    for picture in contrast_pictures():
        height, width = picture.shape[:2]
        got, _ = pre_process(picture, Rules((width, height), contrast=contrast))
        np.testing.assert_array_equal(got, network_input(adjust_contrast(picture, contrast)))


def test_all_steps_in_their_order(pre_process):
    rng = np.random.default_rng(11)
    image = noise(rng, 301, 203) // 2
    rules = Rules((96, 96), static_crop=(10, 20, 80, 90), grayscale=True, contrast="contrast_stretching",
                  padding_value=50, scaling_factor=255.0,
                  normalization=((0.1, 0.2, 0.3), (0.4, 0.5, 0.6)))  # fmt: skip
    got, _ = pre_process(image, rules)
    part = image[int(0.2 * 203) : int(0.9 * 203), int(0.1 * 301) : int(0.8 * 301)]
    gray = np.repeat(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY)[:, :, None], 3, 2)
    picture = letterboxed(adjust_contrast(gray, "contrast_stretching"), 96, 96, padding=50)
    np.testing.assert_array_equal(got, network_input(picture, scaling=255, normalization=rules.normalization))


def test_photos(pre_process_everywhere):
    pictures = photos()
    if not pictures:
        pytest.skip("no test data: set INFERENCE_MODELS_TEST_DATA, or put it at ../shared beside the repository")
    for picture in pictures:
        for size in [(640, 640), (320, 320), (1280, 736)]:
            got, _ = pre_process_everywhere(picture, Rules(size, scaling_factor=255.0, padding_value=114))
            np.testing.assert_array_equal(got, network_input(letterboxed(picture, *size, padding=114), scaling=255))


@pytest.mark.parametrize("rule", RECTANGLES)
def test_rectangles_of_photos(pre_process_everywhere, rule):
    pictures = photos()
    if not pictures:
        pytest.skip("no test data: set INFERENCE_MODELS_TEST_DATA, or put it at ../shared beside the repository")
    for picture in pictures:
        for size, stride in [((640, 640), 32), ((320, 320), 32), ((736, 1280), 32), ((640, 640), 64)]:
            assert_rectangle(pre_process_everywhere, picture, size, stride, rule)
