"""The picture that detectors are measured with where their user gives none."""

from pathlib import Path

import cv2
import numpy as np

from inference_models import AutoModel

PICTURE = Path(__file__).resolve().parents[2] / "examples/pictures/everyday.jpg"


def test_a_detector_of_coco_finds_clear_objects_of_several_classes(test_data):
    model = AutoModel.from_pretrained(test_data / "models/yolov8n-640/onnx-fp32")
    found = model(cv2.imread(str(PICTURE)), confidence=0.25)[0]
    clear = found.confidence > 0.5
    assert clear.sum() >= 6
    assert len(set(found.class_id[clear].tolist())) >= 4
    # What is near a threshold would come and go with the precision that is compared.
    for threshold in (0.4, 0.45):
        assert np.abs(found.confidence - threshold).min() > 0.05


def test_it_is_what_is_drawn(monkeypatch):
    monkeypatch.syspath_prepend(PICTURE.parents[2] / "training")
    import everyday_picture

    drawn = everyday_picture.kitchen(np.random.default_rng(4))[:, :, ::-1].astype(np.float32)
    assert np.abs(cv2.imread(str(PICTURE)).astype(np.float32) - drawn).mean() < 2  # JPEG's loss


def test_it_is_small():
    assert PICTURE.stat().st_size < 100_000
