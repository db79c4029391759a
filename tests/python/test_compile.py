"""Compiling a model from Python."""

import pytest
from support.tiny_models import write_package

from inference_models import AutoModel, BaseInferenceModelsError


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.setenv("INFERENCE_HOME", str(tmp_path / "cache"))
    return write_package(tmp_path / "tiny")


def test_what_was_compiled_is_loaded_from_then_on(model):
    made = AutoModel.compile(model, engine="onnxruntime")
    assert made.package_id == "tiny.onnxruntime-fp32-b1-32x32"
    assert made.source_package_id == "tiny"
    assert (made.facts.engine, made.precision, made.batch.max) == ("onnxruntime", "fp32", 1)
    assert made.facts.command.endswith("--engine onnxruntime --precision fp32")
    assert made.to_dict()["location"] == str(made.location)
    assert str(made).startswith(made.package_id)
    description = AutoModel.from_pretrained(model, backend="onnx").description
    assert description.package_id == made.package_id
    assert description.location == made.location
    assert description.runtime_version == made.facts.runtime_version


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"engine": "tensorflow"}, "engine does not know `tensorflow`"),
        ({"engine": "tensorrt"}, "nothing is compiled for TensorRT"),
        ({"engine": "onnxruntime", "precision": "fastest"}, "precision does not know `fastest`"),
        ({"engine": "onnxruntime", "precision": "fp16"}, "nothing is compiled in fp16"),
        ({"engine": "onnxruntime", "batch_size": 0}, "batch_size = 0"),
        ({"engine": "onnxruntime", "image_size": (64, 32)}, r"takes `images` \[1, 3, 32, 32\] alone"),
        ({"engine": "onnxruntime", "image_size": "640"}, "image_size"),
    ],
)
def test_what_cannot_be_is_said(model, options, message):
    with pytest.raises(BaseInferenceModelsError, match=message):
        AutoModel.compile(model, **options)


def test_an_unknown_option_names_the_nearest(model):
    with pytest.raises(TypeError, match="did you mean 'precision'"):
        AutoModel.compile(model, engine="onnxruntime", precison="fp32")
