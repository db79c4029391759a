"""What all Python tests share: where the build, the program and the test data are."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def build_dir() -> Path:
    directory = Path(os.environ.get("INFERENCE_MODELS_BUILD_DIR", ROOT / "build/release")).resolve()
    if not (directory / "lib").is_dir():
        pytest.skip(f"there is no build in {directory}: run make test, or set INFERENCE_MODELS_BUILD_DIR")
    return directory


@pytest.fixture(scope="session")
def test_data() -> Path:
    directory = Path(os.environ.get("INFERENCE_MODELS_TEST_DATA", ROOT.parent / "shared"))
    if not (directory / "models").is_dir():
        pytest.skip(f"there is no test data in {directory}: set INFERENCE_MODELS_TEST_DATA")
    return directory
