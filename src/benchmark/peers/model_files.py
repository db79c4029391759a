"""What lies in a model's directory, by the forms in which peers run it."""

import json
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class ModelFiles:
    """Of each form one file of fp32 weights; None where there is none."""

    place: Path
    checkpoint: Path | None = None  #: Ultralytics' own
    onnx: Path | None = None
    packages: dict[str, Path] = field(default_factory=dict)  #: Roboflow's, by their `backend_type`
    network_input: list[int] | None = None  #: height, width; None where no package says


def find(place: Path) -> ModelFiles:
    """Looks at a directory of packages, a package, or a single file."""
    if place.is_file():
        return ModelFiles(place, onnx=place if place.suffix == ".onnx" else None)
    files = ModelFiles(place, checkpoint=first(place, "*.pt"), onnx=first(place, "*.onnx"))
    for config in sorted([*place.glob("model_config.json"), *place.glob("*/model_config.json")]):
        add_package(files, config)
    if "onnx" in files.packages:
        files.onnx = files.packages["onnx"] / "weights.onnx"
    return files


def first(directory: Path, pattern: str) -> Path | None:
    return min(directory.glob(pattern), default=None)


def add_package(files: ModelFiles, config_file: Path) -> None:
    """Takes a package in where it is Roboflow's, of fp32, and the first of its form."""
    directory = config_file.parent
    config = json.loads(config_file.read_text())
    backend = config.get("backend_type")
    inference_config = directory / "inference_config.json"
    if config.get("quantization", "fp32") not in ("fp32", None) or backend in files.packages:
        return
    if backend not in ("onnx", "torch-script") or not inference_config.is_file():
        return
    files.packages[backend] = directory
    size = json.loads(inference_config.read_text())["network_input"]["training_input_size"]
    files.network_input = files.network_input or [size["height"], size["width"]]
