"""Roboflow's inference-models: its own packages for ONNX Runtime and TorchScript."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import runtimes
from measure import Model, Settings
from model_files import ModelFiles
from product import SAME, Missing, Variant, at_defaults

NAME = "Roboflow inference-models"
PACKAGE = "inference-models"
REQUIREMENT = "'inference-models[onnx-cpu]'"


@dataclass
class Form:
    """One of its kinds of package."""

    backend: str
    ours: str  #: how it is given our settings
    runtime: type

    @property
    def id(self) -> str:
        return f"roboflow-{self.backend}"


FORMS = (
    Form("onnx", "SessionOptions threads, torch threads", runtimes.OnnxRuntime),
    Form("torch-script", "torch threads", runtimes.PyTorch),
)


def version() -> str | None:
    return runtimes.installed_version(PACKAGE)


# --- What can be measured --------------------------------------------------------------------------------------------


def variants(files: ModelFiles, threads: int, _scratch: Path) -> list[Variant | Missing]:
    """Each package at its defaults, and with our threads where those are others: the rest is the same."""
    listed: list[Variant | Missing] = []
    for form in FORMS:
        lacking = lacks(form, files)
        if lacking:
            listed.append(Missing(form.backend, *lacking))
            continue
        runtime = form.runtime.name()
        as_ours = default_threads(form, files) == {threads}
        listed.append(Variant(form.id, settings_of(form, same=False), runtime, same_settings=as_ours))
        if not as_ours:
            listed.append(Variant(form.id + SAME, settings_of(form, same=True), runtime, same_settings=True))
    return listed


def settings_of(form: Form, same: bool) -> str:
    return f"{form.backend}, our settings ({form.ours})" if same else at_defaults(form.backend)


def lacks(form: Form, files: ModelFiles) -> tuple[str, str] | None:
    """Why this form cannot be measured, and what helps."""
    if form.runtime.name() is None:
        return "Its runtime is not installed beside it", f"Install {REQUIREMENT}."
    if form.backend in files.packages:
        return None
    return (
        f"{files.place} holds no package of its layout for {form.backend} in fp32",
        "Lay one into it, with class_names.txt and inference_config.json.",
    )


def default_threads(form: Form, files: ModelFiles) -> set[int]:
    """Of its runtime and of torch, which does the rest."""
    import torch

    threads = {torch.get_num_threads()}
    if form.runtime is runtimes.OnnxRuntime:
        threads.add(runtimes.default_onnxruntime_threads(files.packages[form.backend] / "weights.onnx"))
    return threads


# --- One of them -----------------------------------------------------------------------------------------------------


def loader(peer: str, files: ModelFiles, job: dict) -> Callable[[], Model] | None:
    """What loads this peer; None where it is none of these."""
    form = next((one for one in FORMS if one.id == peer.removesuffix(SAME)), None)
    if form is None or form.backend not in files.packages:
        return None
    same = peer.endswith(SAME)
    threads = job["threads"] if same else None
    runtime = form.runtime(threads)
    if same:
        runtimes.PyTorch(threads)
    return lambda: Package(files.packages[form.backend], runtime, settings_of(form, same), options_of(job))


def options_of(job: dict) -> dict:
    detection = job["detection"]
    return {name: detection[name] for name in ("confidence", "iou_threshold", "max_detections", "class_agnostic_nms")}


class Package:
    """Its model, called as its users call it."""

    def __init__(self, directory: Path, runtime: runtimes.Runtime, settings: str, options: dict):
        from inference_models import AutoModel

        self.model = AutoModel.from_pretrained(str(directory))
        self.runtime = runtime
        self.settings = settings
        self.options = options

    def predict(self, images: list) -> list:
        return self.model(images, **self.options)

    def stages(self, _predicted: list) -> None:
        """It does not tell them."""

    def found(self, predicted: list) -> list[dict]:
        return [
            {
                "xyxy": result.xyxy.tolist(),
                "class_id": result.class_id.tolist(),
                "confidence": result.confidence.tolist(),
            }
            for result in predicted
        ]

    def ran_with(self, image: Any) -> Settings:
        import torch

        network_input, _ = self.model.pre_process([image])
        return Settings(
            settings=self.settings,
            runtime=self.runtime.name(),
            precision=self.runtime.precision,
            shape=tuple(network_input.shape[2:]),
            threads=self.runtime.threads,
            threads_around=torch.get_num_threads(),
        )
