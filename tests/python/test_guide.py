"""The snippets of the guide "Choose the Right Backend", as they are written there."""

import pytest

from inference_models import AutoModel, BackendType, NoModelPackagesAvailableError


@pytest.fixture(autouse=True)
def beside_the_models(test_data, monkeypatch):
    """So that a model id is the name of a directory."""
    monkeypatch.chdir(test_data / "models")


def engine(name):
    return next(one for one in AutoModel.describe_runtime().engines if one.engine == name)


def test_the_best_backend_is_chosen(photo):
    model = AutoModel.from_pretrained("yolov8n-640")
    assert model.description.backend == model.explain().chosen.backend
    assert len(model(photo)[0]) == 4


def test_onnx(photo):
    model = AutoModel.from_pretrained("yolov8n-640", backend="onnx")
    assert model.description.backend == BackendType.ONNX
    assert len(model(photo)[0]) == 4


def test_torch(photo):
    if not engine("torch").installed:
        pytest.skip("PyTorch is not installed in this environment")
    model = AutoModel.from_pretrained("yolov8n-640", backend="torch")
    assert model.description.backend == "torch"
    assert len(model(photo)[0]) == 4


def test_trt_says_what_is_missing():
    with pytest.raises(NoModelPackagesAvailableError) as caught:
        AutoModel.from_pretrained("yolov8n-640", backend="trt")
    assert caught.value.kind == "no_usable_backend"
    assert "TensorRT" in caught.value.message
    assert "onnx-fp32" in caught.value.message
    assert "backend=onnx" in caught.value.hint


def test_describe_runtime_prints_a_table(capsys):
    description = AutoModel.describe_runtime()
    printed = capsys.readouterr().out
    assert printed == str(description)
    assert "ONNX Runtime" in printed
    assert "\n" not in repr(description)


def test_describe_runtime_has_the_reference_s_name_too(capsys):
    assert AutoModel.describe_compute_environment().to_dict().keys() == AutoModel.describe_runtime().to_dict().keys()
