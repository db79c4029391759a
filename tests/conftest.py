"""What all Python tests share: where the build, the pictures and the test data are, the program, a model by id on a
server of the tests, and life without a network."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.models_by_id import MODEL, Client
from support.program import Program
from support.tiny_models import SIDE, png, write_package
from support.weights_api import Package, WeightsApi, package_files

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


@pytest.fixture(scope="session")
def pictures() -> list[Path]:
    """Pictures with codes, which come with the product."""
    return [ROOT / "examples/pictures" / name for name in ("desk.jpg", "parcel.jpg")]


@pytest.fixture(scope="session")
def without_sockets() -> list:
    """What is put before a command so that it is ended by SIGSYS at the first socket that it opens."""
    prefix = [sys.executable, ROOT / "tests/support/no_sockets.py"]
    tried = subprocess.run([*prefix, "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"this system lets no process filter its system calls: {tried.stderr}")
    opens_one = [sys.executable, "-c", "import socket; socket.socket()"]
    assert subprocess.run([*prefix, *opens_one], check=False).returncode == -signal.SIGSYS
    return prefix


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory, monkeypatch):
    """What was measured, compiled or chosen on this machine, or by another test, decides nothing."""
    monkeypatch.setenv("INFERENCE_HOME", str(tmp_path_factory.mktemp("home")))


# --- The program -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def program(build_dir) -> Program:
    return Program(build_dir / "bin/inference-models")


@pytest.fixture
def image(tmp_path) -> Path:
    path = tmp_path / "image.png"
    path.write_bytes(png(SIDE, SIDE))
    return path


# --- A model by id -----------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder with a model that has one package."""
    write_package(tmp_path / "folder" / MODEL / "onnxfp32")
    return tmp_path / "folder"


@pytest.fixture
def api(folder):
    """The same model on the tests' own server."""
    package = Package("onnxfp32", package_files(folder / MODEL / "onnxfp32"))
    with WeightsApi(MODEL, [package]).running() as running:
        yield running


@pytest.fixture
def client(program, tmp_path, api) -> Client:
    return Client(program, tmp_path / "cache", api.url)
