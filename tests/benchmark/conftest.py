"""An environment with stand-ins of the products that are measured beside ours, and a model for them."""

import shutil
import sys
from pathlib import Path

import numpy as np
import onnx
import onnx.helper
import pytest
from support.peers import Peers
from support.tiny_models import write_descriptions, write_package

STAND_INS = Path(__file__).parent / "stand_ins"


def install(site: Path, **versions: str) -> None:
    shutil.copytree(STAND_INS, site)
    for package, version in versions.items():
        information = site / f"{package}-{version}.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")


@pytest.fixture
def tiny_model(tmp_path) -> Path:
    """Packages for ONNX Runtime, which Ultralytics could have exported, and TorchScript, and a checkpoint."""
    model = tmp_path / "model"
    weights = write_package(model / "onnx-fp32") / "weights.onnx"
    network = onnx.load(weights)
    onnx.helper.set_model_props(network, {"task": "detect"})
    onnx.save(network, weights)
    write_descriptions(model / "torch-script-fp32", "torch-script")
    shutil.copy(weights, model / "tiny.pt")
    return model


@pytest.fixture
def image():
    return np.full((20, 10, 3), 7, np.uint8)


@pytest.fixture
def peers(tmp_path, tiny_model) -> Peers:
    """Both products, as stand-ins in front of the packages of this environment."""
    for module in ("torch", "openvino", "onnxruntime"):
        pytest.importorskip(module)
    install(tmp_path / "site", ultralytics="8.0.1", inference_models="0.2.3")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return Peers(Path(sys.executable), tiny_model, scratch, environment={"PYTHONPATH": str(tmp_path / "site")})
