"""Small models and images for tests of the program."""

import json
import struct
import zlib
from pathlib import Path

import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper

SIDE = 32  # of the tiny detector's images


def tiny_detector(path, values, dynamic_batch=False):
    """An ONNX detector with one class whose output is `values` ([5, boxes]), whatever the image."""
    values = np.asarray(values, np.float32)
    helper = onnx.helper
    batch = "batch" if dynamic_batch else 1
    zero = onnx.numpy_helper.from_array(np.zeros((1, 1, 1), np.float32), "zero")
    constant = onnx.numpy_helper.from_array(values[None], "constant")
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Reshape", ["mean", "column"], ["means"]),
        helper.make_node("Mul", ["means", "zero"], ["zeros"]),
        helper.make_node("Add", ["zeros", "constant"], ["output0"]),
    ]
    column = onnx.numpy_helper.from_array(np.array([-1, 1, 1], np.int64), "column")
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("images", onnx.TensorProto.FLOAT, [batch, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("output0", onnx.TensorProto.FLOAT, [batch, *values.shape])],
        [zero, constant, column],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, path)


def write_package(directory: Path) -> Path:
    """A whole package of a tiny detector that finds one box, 12..20 in both directions, with confidence 0.9."""
    write_descriptions(directory, "onnx")
    tiny_detector(directory / "weights.onnx", [[16], [16], [8], [8], [0.9]])
    return directory


def write_descriptions(directory: Path, backend_type: str, batch: int | None = 1) -> None:
    """What a package of a detector with one class has besides its weights. `batch=None`: any."""
    directory.mkdir(parents=True)
    forward_pass = {"static_batch_size": batch} if batch else {"max_dynamic_batch_size": 8}
    (directory / "class_names.txt").write_text("thing\n")
    (directory / "model_config.json").write_text(
        json.dumps({"model_architecture": "yolov8", "task_type": "object-detection", "backend_type": backend_type})
    )
    (directory / "inference_config.json").write_text(
        json.dumps(
            {
                "network_input": {
                    "training_input_size": {"height": SIDE, "width": SIDE},
                    "dynamic_spatial_size_supported": False,
                    "color_mode": "rgb",
                    "resize_mode": "letterbox",
                    "input_channels": 3,
                    "scaling_factor": 255,
                },
                "forward_pass": forward_pass,
                "post_processing": {"type": "nms", "fused": False},
            }
        )
    )


def png(width, height, channels=3, shade=90):
    """The bytes of a PNG of one shade."""
    color_type = {1: 0, 3: 2}[channels]
    header = struct.pack(">IIBBBBB", width, height, 8, color_type, 0, 0, 0)
    rows = (b"\0" + bytes([shade]) * (width * channels)) * height

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
