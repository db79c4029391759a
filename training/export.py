"""Makes the packages of codes-n-640 from trained weights, in Roboflow's layout, with the hash of every file.

    python training/export.py build/training/codes-n.pt models/codes-n-640 --photos build/training/photos

onnx-fp32 and torch-script-fp32 are the same network, batch normalisation folded into the convolutions. onnx-int8 is
onnx-fp32 with its convolutions quantised (static, QDQ, one scale per output channel), calibrated on generated pictures.
Weights keep to seven bits: processors without VNNI add two products in 16 bits, which eight would overflow.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import torch
from backgrounds import Backgrounds, load_photos, photo_directory
from network import CLASS_NAMES, DISTANCE_BINS, STRIDES, Convolution, Detector, cell_centers
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from scenes import PADDING_VALUE, make_picture
from torch import Tensor, nn

SIDE = 640
OPSET = 17
MOST_PICTURES_AT_ONCE = 8
# Taken off the logits of scores. In training a score says how well the box will fit, and what is seen badly or looks
# like a code gets a middling one. Lowered, the product's default confidence of 0.4 stands where 0.54 was: on pictures
# of the real world that finds nearly as much and invents half as much.
SCORE_SHIFT = 0.55


class Exported(nn.Module):
    """The detector with its boxes decoded: (batch, 4 + classes, cells), as YOLOv8's exports give them."""

    def __init__(self, detector: Detector) -> None:
        super().__init__()
        self.detector = detector

    def forward(self, images: Tensor) -> Tensor:
        """Decodes as `decode_boxes`, but with the cells last: turning the logits round costs a quarter of the run."""
        logits = self.detector(images)
        centers, strides = (value.T for value in cell_centers(images.shape[2], images.shape[3]))
        distance_logits, class_logits = logits.split([4 * DISTANCE_BINS, len(CLASS_NAMES)], 1)
        bins = torch.arange(DISTANCE_BINS, dtype=torch.float32).view(-1, 1)
        distances = (distance_logits.unflatten(1, (4, DISTANCE_BINS)).softmax(2) * bins).sum(2) * strides
        low, high = distances.split([2, 2], 1)
        return torch.cat([centers + (high - low) / 2, low + high, class_logits.sigmoid()], 1)


def fold_batch_normalization(detector: Detector) -> Detector:
    for module in detector.modules():
        if isinstance(module, Convolution):
            module.convolution = torch.nn.utils.fusion.fuse_conv_bn_eval(module.convolution, module.normalization)
            module.normalization = nn.Identity()
    return detector


def load_network(weights: Path) -> Exported:
    detector = Detector()
    detector.load_state_dict(torch.load(weights, weights_only=True))
    with torch.no_grad():
        for head in detector.heads:
            head.scores[-1].bias -= SCORE_SHIFT
    return Exported(fold_batch_normalization(detector.eval())).eval()


def write_onnx(network: Exported, path: Path) -> None:
    example = torch.zeros(2, 3, SIDE, SIDE - 32)
    with tempfile.TemporaryDirectory() as directory:
        raw = Path(directory) / "raw.onnx"
        torch.onnx.export(
            network,
            (example,),
            raw,
            input_names=["images"],
            output_names=["output0"],
            opset_version=OPSET,
            dynamo=False,
            dynamic_axes={"images": {0: "batch", 2: "height", 3: "width"}, "output0": {0: "batch", 2: "cells"}},
        )
        model = onnx.load(raw)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def write_torch_script(network: Exported, path: Path) -> None:
    with torch.no_grad():
        torch.jit.trace(network, torch.zeros(2, 3, SIDE, SIDE - 32)).save(path)


class CalibrationPictures(CalibrationDataReader):
    def __init__(self, photos: Path | None, count: int) -> None:
        self._pictures = self._make(photos, count)

    @staticmethod
    def _make(photos: Path | None, count: int) -> Iterator[dict[str, np.ndarray]]:
        rng = np.random.default_rng(0)
        backgrounds = Backgrounds(rng, load_photos(photos))
        for _ in range(count):
            pixels = make_picture(rng, backgrounds, SIDE).pixels
            yield {"images": pixels.transpose(2, 0, 1)[None].astype(np.float32) / 255}

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self._pictures, None)


def write_int8(fp32: Path, path: Path, calibration: CalibrationDataReader) -> None:
    with tempfile.TemporaryDirectory() as directory:
        prepared = Path(directory) / "prepared.onnx"
        quant_pre_process(fp32, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            path,
            calibration,
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
        )


def write_package(directory: Path, backend: str, quantization: str) -> None:
    """All files of a package but its weights."""
    inference = {
        "network_input": {
            "training_input_size": {"height": SIDE, "width": SIDE},
            "dynamic_spatial_size_supported": True,
            "dynamic_spatial_size_mode": {"type": "pad-to-be-divisible", "value": max(STRIDES)},
            "color_mode": "rgb",
            "resize_mode": "letterbox",
            "padding_value": PADDING_VALUE,
            "input_channels": 3,
            "scaling_factor": 255,
        },
        "forward_pass": {"max_dynamic_batch_size": MOST_PICTURES_AT_ONCE},
        "post_processing": {"type": "nms", "fused": False},
    }
    model = {
        "model_architecture": "yolov8",
        "task_type": "object-detection",
        "backend_type": backend,
        "quantization": quantization,
        "dynamic_batch_size_supported": True,
    }
    (directory / "model_config.json").write_text(json.dumps(model, indent=2) + "\n")
    (directory / "inference_config.json").write_text(json.dumps(inference, indent=2) + "\n")
    (directory / "class_names.txt").write_text("".join(f"{name}\n" for name in CLASS_NAMES))


def write_hashes(directory: Path) -> None:
    """SHA256SUMS, which `sha256sum --check` reads."""
    files = sorted(path for path in directory.glob("*/*") if path.is_file())
    lines = (f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(directory)}\n" for path in files)
    (directory / "SHA256SUMS").write_text("".join(lines))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path)
    parser.add_argument("model", type=Path, help="the directory that the packages are written to")
    parser.add_argument(
        "--photos", type=photo_directory, help="as in training: for the pictures that int8 is calibrated on"
    )
    parser.add_argument("--calibration-pictures", type=int, default=256)
    arguments = parser.parse_args()
    if not arguments.weights.is_file():
        parser.error(f"{arguments.weights} is no file")
    network = load_network(arguments.weights)
    directories = {}
    for backend, quantization in (("onnx", "fp32"), ("torch-script", "fp32"), ("onnx", "int8")):
        directory = arguments.model / f"{backend}-{quantization}"
        directory.mkdir(parents=True, exist_ok=True)
        write_package(directory, backend, quantization)
        directories[backend, quantization] = directory
    fp32 = directories["onnx", "fp32"] / "weights.onnx"
    write_onnx(network, fp32)
    write_torch_script(network, directories["torch-script", "fp32"] / "weights.torchscript")
    calibration = CalibrationPictures(arguments.photos, arguments.calibration_pictures)
    write_int8(fp32, directories["onnx", "int8"] / "weights.onnx", calibration)
    write_hashes(arguments.model)
    print(f"wrote {', '.join(directory.name for directory in directories.values())} into {arguments.model}")


if __name__ == "__main__":
    main()
