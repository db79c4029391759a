"""Ultralytics: a checkpoint (.pt), its ONNX export, and the OpenVINO export that it makes of the checkpoint."""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import runtimes
from measure import Model, Settings
from model_files import ModelFiles
from product import SAME, Missing, Variant, at_defaults

NAME = "Ultralytics"
PACKAGE = "ultralytics"
REQUIREMENT = "ultralytics openvino onnx onnxruntime onnxslim"


@dataclass
class Form:
    """One of the forms in which it runs a model."""

    id: str
    called: str
    ours: str  #: how it is given our settings
    runtime: type


CHECKPOINT = Form("ultralytics-pt", ".pt", "rect=False, torch threads", runtimes.PyTorch)
ONNX = Form("ultralytics-onnx", ".onnx", "SessionOptions threads, torch threads", runtimes.OnnxRuntime)
OPENVINO = Form(
    "ultralytics-openvino", "OpenVINO export", "f32 and threads compiled in, torch threads", runtimes.OpenVino
)
FORMS = (CHECKPOINT, ONNX, OPENVINO)


def version() -> str | None:
    return runtimes.installed_version(PACKAGE)


# --- What can be measured --------------------------------------------------------------------------------------------


def variants(files: ModelFiles, _threads: int, scratch: Path) -> list[Variant | Missing]:
    """Each form at its defaults, and with our settings."""
    listed: list[Variant | Missing] = []
    for form in FORMS:
        lacking = lacks(form, files, scratch)
        if lacking:
            listed.append(Missing(form.called, *lacking))
            continue
        runtime = form.runtime.name()
        listed.append(Variant(form.id, settings_of(form, same=False), runtime, same_settings=False))
        listed.append(Variant(form.id + SAME, settings_of(form, same=True), runtime, same_settings=True))
    return listed


def settings_of(form: Form, same: bool) -> str:
    return f"{form.called}, our settings ({form.ours})" if same else at_defaults(form.called)


def lacks(form: Form, files: ModelFiles, scratch: Path) -> tuple[str, str] | None:
    """Why this form cannot be measured, and what helps."""
    if form.runtime.name() is None:
        return "Its runtime is not installed beside it", "Install openvino and onnxruntime beside ultralytics."
    if form is ONNX:
        return lacks_onnx(files)
    if files.checkpoint is None:
        return f"{files.place} holds no checkpoint (.pt)", "Lay the one into it that its packages were exported from."
    return lacks_export(files, scratch) if form is OPENVINO else None


def lacks_onnx(files: ModelFiles) -> tuple[str, str] | None:
    if files.onnx is None:
        return f"{files.place} holds no ONNX file in fp32", "Lay one into it that Ultralytics exported."
    import onnxruntime

    described = onnxruntime.InferenceSession(files.onnx, providers=["CPUExecutionProvider"]).get_modelmeta()
    if described.custom_metadata_map.get("task") == "detect":
        return None
    return f"{files.onnx} does not say that Ultralytics exported it as a detector", "Export it with Ultralytics."


def lacks_export(files: ModelFiles, scratch: Path) -> tuple[str, str] | None:
    try:
        export_to_openvino(files, scratch)
    except Exception as error:
        message = " ".join(str(error).split())[:500]
        return f"Ultralytics could not export it: {type(error).__name__}: {message}", "Install what it asks for."
    return None


def export_to_openvino(files: ModelFiles, scratch: Path) -> None:
    """Once: not in the processes that are measured."""
    exported = export_of(files, scratch)
    if exported.is_dir():
        return
    from ultralytics import YOLO

    # It writes beside the checkpoint, and a half-written export must not pass for one.
    making = exported.parent / "making"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    copy = shutil.copy(files.checkpoint, making)
    size = {} if files.network_input is None else {"imgsz": files.network_input}
    made = YOLO(copy, task="detect").export(format="openvino", **size)
    Path(made).rename(exported)


def export_of(files: ModelFiles, scratch: Path) -> Path:
    """Where the export lies. Ultralytics knows it by this ending."""
    key = hashlib.sha256(files.checkpoint.read_bytes() + repr(files.network_input).encode()).hexdigest()[:16]
    return scratch / "exports" / key / f"{files.checkpoint.stem}_openvino_model"


# --- One of them -----------------------------------------------------------------------------------------------------


def loader(peer: str, files: ModelFiles, job: dict) -> Callable[[], Model] | None:
    """What loads this peer; None where it is none of these."""
    form = next((one for one in FORMS if one.id == peer.removesuffix(SAME)), None)
    place = None if form is None else place_of(form, files, Path(job["scratch"]))
    if place is None:
        return None
    same = peer.endswith(SAME)
    runtime = form.runtime(job["threads"] if same else None)
    if same:
        set_torch_threads(job["threads"])
    return lambda: Yolo(place, runtime, settings_of(form, same), options_of(job, same))


def place_of(form: Form, files: ModelFiles, scratch: Path) -> Path | None:
    if form is OPENVINO and files.checkpoint:
        return export_of(files, scratch)
    return files.onnx if form is ONNX else files.checkpoint


def set_torch_threads(threads: int) -> None:
    """It calls torch.set_num_threads with this whenever it chooses a device."""
    import ultralytics.utils.torch_utils

    ultralytics.utils.torch_utils.NUM_THREADS = threads


def options_of(job: dict, same: bool) -> dict:
    detection = job["detection"]
    options = {
        "conf": detection["confidence"],
        "iou": detection["iou_threshold"],
        "max_det": detection["max_detections"],
        "agnostic_nms": detection["class_agnostic_nms"],
        "verbose": False,
    }
    return options | ({"imgsz": job["network_input"], "rect": False} if same else {})


class Yolo:
    """Its model, called as its users call it."""

    def __init__(self, place: Path, runtime: runtimes.Runtime, settings: str, options: dict):
        from ultralytics import YOLO

        self.model = YOLO(place, task="detect")
        self.runtime = runtime
        self.settings = settings
        self.options = options

    def predict(self, images: list) -> list:
        return self.model.predict(images, **self.options)

    def stages(self, predicted: list) -> tuple[float, float, float]:
        speed = predicted[0].speed
        return speed["preprocess"], speed["inference"], speed["postprocess"]

    def found(self, predicted: list) -> list[dict]:
        return [
            {
                "xyxy": result.boxes.xyxy.tolist(),
                "class_id": [int(one) for one in result.boxes.cls.tolist()],
                "confidence": result.boxes.conf.tolist(),
            }
            for result in predicted
        ]

    def ran_with(self, image: Any) -> Settings:
        import torch

        return Settings(
            settings=self.settings,
            runtime=self.runtime.name(),
            precision=self.runtime.precision,
            shape=tuple(self.model.predictor.preprocess([image]).shape[2:]),
            threads=self.runtime.threads,
            threads_around=torch.get_num_threads(),
        )
