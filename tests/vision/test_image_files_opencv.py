"""Pictures decoded by this library against OpenCV's `imread`, and files written by it read back.

The files are made here, with OpenCV and Pillow. What is compared is `libinference_models_testing.so` of the build
that INFERENCE_MODELS_BUILD_DIR names.
"""

import ctypes
import os
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

ERROR_CAPACITY = 1024
BGR, RGB, GRAY = 0, 1, 2


@pytest.fixture(scope="session")
def library():
    build = os.environ.get("INFERENCE_MODELS_BUILD_DIR")
    if not build:
        pytest.skip("INFERENCE_MODELS_BUILD_DIR does not name a build directory")
    path = Path(build) / "lib" / "libinference_models_testing.so"
    if not path.is_file():
        pytest.skip(f"{path} is not built")
    loaded = ctypes.CDLL(str(path))
    loaded.testing_load_image.restype = ctypes.c_void_p
    loaded.testing_free_image.argtypes = [ctypes.c_void_p]
    loaded.testing_save_image.restype = ctypes.c_bool
    return loaded


@pytest.fixture
def load(library):
    def load_image(path):
        width, height = ctypes.c_int32(), ctypes.c_int32()
        pixels = ctypes.POINTER(ctypes.c_uint8)()
        error = ctypes.create_string_buffer(ERROR_CAPACITY)
        image = library.testing_load_image(
            os.fsencode(path),
            ctypes.byref(width),
            ctypes.byref(height),
            ctypes.byref(pixels),
            error,
            ctypes.c_size_t(ERROR_CAPACITY),
        )
        if not image:
            raise ValueError(error.value.decode())
        try:
            return np.ctypeslib.as_array(pixels, (height.value, width.value, 3)).copy()
        finally:
            library.testing_free_image(image)

    return load_image


@pytest.fixture
def save(library):
    def save_image(pixels, color_format, path):
        height, width = pixels.shape[:2]
        error = ctypes.create_string_buffer(ERROR_CAPACITY)
        written = library.testing_save_image(
            pixels.ctypes.data_as(ctypes.c_void_p),
            width,
            height,
            color_format,
            ctypes.c_size_t(pixels.strides[0]),
            os.fsencode(path),
            error,
            ctypes.c_size_t(ERROR_CAPACITY),
        )
        if not written:
            raise ValueError(error.value.decode())

    return save_image


def picture(width=97, height=61, channels=3, dtype=np.uint8):
    """Smooth parts, edges and noise, in odd sizes."""
    random = np.random.default_rng(20)
    y, x = np.mgrid[0:height, 0:width]
    planes = [(x * (2 + c) + y * (5 - c)) % 256 for c in range(channels)]
    pixels = np.stack(planes, axis=-1)
    pixels[height // 3 : height // 2, width // 4 : width // 2] = 255 - 40 * np.arange(channels)
    pixels[: height // 4] += random.integers(-20, 20, pixels[: height // 4].shape)
    pixels = np.clip(pixels, 0, 255)
    if dtype == np.uint16:
        pixels = pixels * 257 - random.integers(0, 200, pixels.shape)
        pixels = np.clip(pixels, 0, 65535)
    pixels = pixels.astype(dtype)
    return pixels[..., 0] if channels == 1 else pixels


def assert_same_as_opencv(load, path):
    expected = cv2.imread(str(path), cv2.IMREAD_COLOR)
    assert expected is not None, "OpenCV cannot read the test's own file"
    np.testing.assert_array_equal(load(path), expected)


def write_png(path, pixels_rows, width, height, depth, color_type, interlaced=False, chunks=()):
    """A PNG of packed rows, for kinds that no library writes."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0, int(interlaced))
    data = zlib.compress(b"".join(b"\0" + bytes(row) for row in pixels_rows))
    body = chunk(b"IHDR", header) + b"".join(chunk(kind, value) for kind, value in chunks)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body + chunk(b"IDAT", data) + chunk(b"IEND", b""))


# PNG


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_png_of_opencv(load, tmp_path, channels, dtype):
    path = tmp_path / "picture.png"
    cv2.imwrite(str(path), picture(channels=channels, dtype=dtype))
    assert_same_as_opencv(load, path)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_png_of_pillow(load, tmp_path, mode):
    path = tmp_path / "picture.png"
    Image.fromarray(picture()).convert(mode).save(path)
    assert_same_as_opencv(load, path)


@pytest.mark.parametrize("colors", [2, 4, 16, 200])
def test_png_palette_with_transparency(load, tmp_path, colors):
    path = tmp_path / "picture.png"
    Image.fromarray(picture()).quantize(colors).save(path, transparency=bytes(range(colors)))
    assert_same_as_opencv(load, path)


def test_png_color_key(load, tmp_path):
    path = tmp_path / "picture.png"
    pixels = picture()
    Image.fromarray(pixels).save(path, transparency=tuple(int(v) for v in pixels[30, 30]))
    assert_same_as_opencv(load, path)


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_png_gray_of_any_depth(load, tmp_path, depth):
    width, height = 37, 19
    path = tmp_path / "picture.png"
    row_bytes = (width * depth + 7) // 8
    rows = np.random.default_rng(depth).integers(0, 256, (height, row_bytes), dtype=np.uint8)
    write_png(path, rows, width, height, depth, color_type=0)
    assert_same_as_opencv(load, path)


def test_png_gray_with_color_key(load, tmp_path):
    path = tmp_path / "picture.png"
    write_png(path, picture(16, 8, 1), 16, 8, 8, color_type=0, chunks=[(b"tRNS", b"\0\x0a")])
    assert_same_as_opencv(load, path)


@pytest.mark.parametrize("color_type, channels", [(0, 1), (2, 3), (4, 2), (6, 4)])
@pytest.mark.parametrize("depth", [8, 16])
def test_png_interlaced(load, tmp_path, color_type, channels, depth):
    width, height = 29, 23
    path = tmp_path / "picture.png"
    pixel_bytes = channels * depth // 8
    pixels = np.random.default_rng(3).integers(0, 256, (height, width, pixel_bytes), dtype=np.uint8)
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = [row.tobytes() for x, y, dx, dy in passes for row in pixels[y::dy, x::dx]]
    write_png(path, rows, width, height, depth, color_type, interlaced=True)
    assert_same_as_opencv(load, path)


@pytest.mark.parametrize("gamma", [45455, 100000])
def test_png_gamma_and_profile_are_ignored(load, tmp_path, gamma):
    path = tmp_path / "picture.png"
    pixels = picture(16, 8)
    write_png(path, pixels.reshape(8, -1), 16, 8, 8, color_type=2, chunks=[(b"gAMA", struct.pack(">I", gamma))])
    assert_same_as_opencv(load, path)


# JPEG


@pytest.mark.parametrize("sampling", ["4:4:4", "4:2:2", "4:2:0", "4:1:1"])
@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("quality", [30, 95])
def test_jpeg(load, tmp_path, sampling, progressive, quality):
    path = tmp_path / "picture.jpg"
    Image.fromarray(picture()).save(path, quality=quality, subsampling=sampling, progressive=progressive)
    assert_same_as_opencv(load, path)


@pytest.mark.parametrize("sampling", ["411", "420", "422", "440", "444"])
def test_jpeg_of_opencv(load, tmp_path, sampling):
    path = tmp_path / "picture.jpg"
    factor = getattr(cv2, f"IMWRITE_JPEG_SAMPLING_FACTOR_{sampling}")
    cv2.imwrite(str(path), picture(), [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, factor, cv2.IMWRITE_JPEG_RST_INTERVAL, 4])
    assert_same_as_opencv(load, path)


def test_jpeg_gray(load, tmp_path):
    path = tmp_path / "picture.jpg"
    Image.fromarray(picture(channels=1)).save(path, quality=90)
    assert_same_as_opencv(load, path)


def test_jpeg_of_rgb_components(load, tmp_path):
    path = tmp_path / "picture.jpg"
    Image.fromarray(picture()).save(path, quality=90, keep_rgb=True)
    assert_same_as_opencv(load, path)


@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_cmyk(load, tmp_path, progressive):
    path = tmp_path / "picture.jpg"
    Image.fromarray(picture(channels=4), mode="CMYK").save(path, quality=92, progressive=progressive)
    assert_same_as_opencv(load, path)


def test_jpeg_ycck(load, tmp_path):
    """Pillow writes CMYK; read as YCCK after the transform flag of Adobe's segment is set."""
    path = tmp_path / "picture.jpg"
    Image.fromarray(picture(channels=4), mode="CMYK").save(path, quality=92)
    data = bytearray(path.read_bytes())
    adobe = data.index(b"Adobe")
    assert data[adobe + 11] == 0
    data[adobe + 11] = 2
    path.write_bytes(data)
    assert_same_as_opencv(load, path)


def test_jpeg_with_stray_bytes_is_read(load, tmp_path):
    path = tmp_path / "picture.jpg"
    Image.fromarray(picture()).save(path, quality=90)
    data = path.read_bytes()
    path.write_bytes(data[:-2] + b"\0\0\0" + data[-2:])
    assert_same_as_opencv(load, path)


# WebP


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
@pytest.mark.parametrize("lossless", [False, True])
def test_webp(load, tmp_path, mode, lossless):
    path = tmp_path / "picture.webp"
    Image.fromarray(picture()).convert(mode).save(path, lossless=lossless, quality=80)
    assert_same_as_opencv(load, path)


def test_webp_with_alpha(load, tmp_path):
    for lossless in (False, True):
        path = tmp_path / f"{lossless}.webp"
        Image.fromarray(picture(channels=4), mode="RGBA").save(path, lossless=lossless, exact=True)
        assert_same_as_opencv(load, path)


def test_animated_webp_gives_its_first_frame(load, tmp_path):
    path = tmp_path / "picture.webp"
    frames = [Image.fromarray(np.roll(picture(), shift, axis=1)) for shift in (0, 30)]
    frames[0].save(path, save_all=True, append_images=frames[1:], lossless=True)
    np.testing.assert_array_equal(load(path), picture()[..., ::-1])
    assert_same_as_opencv(load, path)


# BMP


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_bmp_of_pillow(load, tmp_path, mode):
    path = tmp_path / "picture.bmp"
    Image.fromarray(picture()).convert(mode).save(path)
    assert_same_as_opencv(load, path)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_bmp_of_opencv(load, tmp_path, channels):
    path = tmp_path / "picture.bmp"
    cv2.imwrite(str(path), picture(channels=channels))
    assert_same_as_opencv(load, path)


def write_bmp(path, rows, width, height, bits, palette=b""):
    offset = 54 + len(palette)
    row_bytes = (width * bits + 31) // 32 * 4
    data = b"".join(bytes(row).ljust(row_bytes, b"\0") for row in rows)
    path.write_bytes(
        struct.pack("<2sIHHI", b"BM", offset + len(data), 0, 0, offset)
        + struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, 0, len(data), 0, 0, len(palette) // 4, 0)
        + palette
        + data
    )


@pytest.mark.parametrize("bits", [1, 4, 8, 24, 32])
@pytest.mark.parametrize("top_down", [False, True])
def test_bmp_of_any_depth(load, tmp_path, bits, top_down):
    width, height = 19, 11
    random = np.random.default_rng(bits)
    rows = random.integers(0, 256, (height, (width * bits + 7) // 8), dtype=np.uint8)
    palette = random.integers(0, 256, 4 << bits, dtype=np.uint8).tobytes() if bits <= 8 else b""
    path = tmp_path / "picture.bmp"
    write_bmp(path, rows, width, -height if top_down else height, bits, palette)
    assert_same_as_opencv(load, path)


def test_bmp_with_palette_too_short(load, tmp_path):
    path = tmp_path / "picture.bmp"
    rows = np.arange(64, dtype=np.uint8).reshape(8, 8)
    write_bmp(path, rows, 8, 8, 8, bytes(range(1, 4 * 16 + 1)))
    assert_same_as_opencv(load, path)


# EXIF orientation


def with_orientation(value, **options):
    exif = Image.Exif()
    exif[0x0112] = value
    return {"exif": exif.tobytes(), **options}


@pytest.mark.parametrize("orientation", range(10))
@pytest.mark.parametrize("ending, options", [("jpg", {"quality": 90}), ("png", {}), ("webp", {"lossless": True})])
def test_exif_orientation(load, tmp_path, orientation, ending, options):
    path = tmp_path / f"picture.{ending}"
    Image.fromarray(picture()).save(path, **with_orientation(orientation, **options))
    assert_same_as_opencv(load, path)


# Photos


def photos():
    folder = Path(os.environ.get("INFERENCE_MODELS_TEST_DATA", Path(__file__).parents[3] / "shared")) / "images"
    return sorted(path for path in folder.rglob("*") if path.suffix in (".jpg", ".jpeg", ".png"))


@pytest.mark.skipif(not photos(), reason="no test data: INFERENCE_MODELS_TEST_DATA does not hold images/")
@pytest.mark.parametrize("path", photos(), ids=lambda path: path.name)
def test_photo(load, path):
    assert_same_as_opencv(load, path)


# Writing


@pytest.mark.parametrize("ending", ["png", "webp", "PNG"])
@pytest.mark.parametrize("color_format, channels", [(BGR, 3), (RGB, 3), (GRAY, 1)])
def test_saved_without_loss(save, tmp_path, ending, color_format, channels):
    path = tmp_path / f"picture.{ending}"
    padded = picture(channels=channels)
    pixels = padded[:, :80]  # rows with gaps
    save(pixels, color_format, path)
    expected = {
        BGR: lambda: pixels,
        RGB: lambda: pixels[..., ::-1],
        GRAY: lambda: np.repeat(pixels[..., None], 3, axis=2),
    }
    np.testing.assert_array_equal(cv2.imread(str(path)), expected[color_format]())
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", ["jpg", "jpeg"])
@pytest.mark.parametrize("color_format, channels", [(BGR, 3), (RGB, 3), (GRAY, 1)])
def test_saved_as_jpeg(save, tmp_path, ending, color_format, channels):
    path = tmp_path / f"picture.{ending}"
    pixels = picture(channels=channels)
    save(pixels, color_format, path)
    in_rgb = pixels[..., ::-1] if color_format == BGR else pixels
    with Image.open(path) as written:
        assert written.mode == ("L" if color_format == GRAY else "RGB")
        difference = np.abs(np.asarray(written).astype(int) - in_rgb)
    assert difference.mean() < 3
