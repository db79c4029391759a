"""Stands in for Ultralytics: it finds one box, whose lower edge is the image's first value."""

import os
import types
from pathlib import Path

import torch

from ultralytics.utils import torch_utils

print("a greeting on standard output")
for name in ("OFFLINE_MODE", "YOLO_AUTOINSTALL", "YOLO_OFFLINE"):
    print(name, os.environ[name])


class YOLO:
    def __init__(self, model, task):
        self.place, self.predictor = Path(model), None

    def export(self, format, imgsz=None):
        directory = self.place.with_name(self.place.stem + "_openvino_model")
        directory.mkdir()
        self.place.with_suffix(".log").write_text("what else it leaves beside the model")
        (directory / "network.onnx").write_bytes(self.place.read_bytes())
        (directory / "imgsz").write_text(str(imgsz))
        return str(directory) + os.sep

    def predict(self, images, conf, iou, max_det, agnostic_nms, verbose, imgsz=None, rect=True):
        if self.predictor is None:
            self.open()
        print("predicting", conf, iou, max_det, agnostic_nms)
        shape = (640, 480) if rect and self.place.suffix == ".pt" else (32, 32)
        self.predictor = types.SimpleNamespace(preprocess=lambda images: torch.zeros(len(images), 3, *shape))
        return [self.result(image) for image in images]

    def open(self):
        torch.set_num_threads(torch_utils.NUM_THREADS)
        if self.place.is_dir():
            import openvino

            network = str(self.place / "network.onnx")
            openvino.Core().compile_model(network, device_name="CPU", config={"PERFORMANCE_HINT": "LATENCY"})
        elif self.place.suffix == ".onnx":
            import onnxruntime

            onnxruntime.InferenceSession(str(self.place), None, providers=["CPUExecutionProvider"])
        elif b"broken" in self.place.read_bytes():
            raise RuntimeError("the weights are\nbroken")

    def result(self, image):
        boxes = types.SimpleNamespace(
            xyxy=torch.tensor([[1.0, 2.0, 3.0, float(image[0, 0, 0])]]),
            cls=torch.tensor([5.0]),
            conf=torch.tensor([0.75]),
        )
        speed = {"preprocess": 1.0, "inference": 2.0, "postprocess": 0.5}
        return types.SimpleNamespace(boxes=boxes, speed=speed)
