"""The installed package, with a tiny detector whose answer is known and, where the test data is at hand, a real one."""

import cv2
import pytest
from support.tiny_models import write_package

from inference_models import AutoModel


@pytest.fixture(scope="session")
def package(tmp_path_factory):
    """Finds one thing, 12..20 in both directions of an image of 32x32, with confidence 0.9."""
    return write_package(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def tiny(package):
    return AutoModel.from_pretrained(package)


@pytest.fixture(scope="session")
def onnx_package(test_data):
    return test_data / "models/yolov8n-640/onnx-fp32"


@pytest.fixture(scope="session")
def yolo(onnx_package):
    return AutoModel.from_pretrained(onnx_package)


@pytest.fixture(scope="session")
def photo_path(test_data):
    return test_data / "images/bus.jpg"


@pytest.fixture(scope="session")
def photo(photo_path):
    """Height 1080, width 810, BGR."""
    image = cv2.imread(str(photo_path))
    image.flags.writeable = False
    return image
