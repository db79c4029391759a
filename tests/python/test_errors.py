"""The errors of the C++ library as Python exceptions."""

import copy
import json
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
from support.tiny_models import SIDE, tiny_detector, write_package

import inference_models
from inference_models import AutoModel, errors

HEADER = Path(__file__).resolve().parents[2] / "include/inference_models/error.hpp"


def test_each_kind_of_the_library_has_a_class():
    kinds = re.findall(r"^    (\w+), +///<", HEADER.read_text(), re.MULTILINE)
    assert len(kinds) >= 10
    for kind in kinds:
        error = errors._error(kind, "subject", "message", "hint")
        assert type(error) is not errors.BaseInferenceModelsError
        assert isinstance(error, errors.BaseInferenceModelsError)


def test_the_family_is_the_reference_s():
    assert issubclass(errors.BaseInferenceModelsError, Exception)
    assert issubclass(errors.NoModelPackagesAvailableError, errors.ModelPackageNegotiationError)
    assert issubclass(errors.UnknownBackendTypeError, errors.ModelPackageNegotiationError)
    assert issubclass(errors.UnknownQuantizationError, errors.ModelPackageNegotiationError)
    assert issubclass(errors.InvalidRequestedBatchSizeError, errors.ModelPackageNegotiationError)
    assert issubclass(errors.CorruptedModelPackageError, errors.ModelLoadingError)
    assert issubclass(errors.ModelImplementationNotFoundError, errors.ModelLoadingError)
    assert issubclass(errors.ModelNotFoundError, errors.ModelRetrievalError)
    for name in vars(errors):
        if name.endswith("Error"):
            assert getattr(inference_models, name) is getattr(errors, name)
            assert name in inference_models.__all__


def test_what_an_error_holds(tmp_path):
    path = tmp_path / "nothing"
    with pytest.raises(errors.ModelNotFoundError) as caught:
        AutoModel.from_pretrained(path)
    error = caught.value
    assert error.kind == "model_not_found"
    assert error.subject == str(path)
    assert str(path) in error.message
    assert error.hint
    assert str(error) == f"{error.message}\n{error.hint}"
    assert error.help_url is None


@pytest.mark.parametrize("again", [lambda error: pickle.loads(pickle.dumps(error)), copy.copy, copy.deepcopy])
def test_errors_can_be_pickled_and_copied(tmp_path, again):
    with pytest.raises(errors.BaseInferenceModelsError) as caught:
        AutoModel.from_pretrained(tmp_path)
    error, other = caught.value, again(caught.value)
    assert type(other) is type(error)
    assert vars(other) == vars(error)
    assert str(other) == str(error)


def test_a_message_without_a_hint():
    assert str(errors.ModelInputError("wrong")) == "wrong"


def edit(package, *keys, value):
    path = package / "inference_config.json"
    document = json.loads(path.read_text())
    document[keys[0]][keys[1]] = value
    path.write_text(json.dumps(document))


def test_a_damaged_package(tmp_path):
    package = write_package(tmp_path / "model")
    edit(package, "network_input", "resize_mode", value=1)
    with pytest.raises(errors.CorruptedModelPackageError, match="resize_mode"):
        AutoModel.from_pretrained(package)


def test_an_unknown_architecture(tmp_path):
    package = write_package(tmp_path / "model")
    config = package / "model_config.json"
    config.write_text(config.read_text().replace("yolov8", "yolov99"))
    with pytest.raises(errors.ModelImplementationNotFoundError, match="yolov99"):
        AutoModel.from_pretrained(package)


def test_a_network_that_gives_no_numbers(tmp_path):
    package = write_package(tmp_path / "model")
    tiny_detector(package / "weights.onnx", [[16], [16], [8], [8], [np.nan]])
    model = AutoModel.from_pretrained(package)
    with pytest.raises(errors.ModelRuntimeError) as caught:
        model(np.zeros((SIDE, SIDE, 3), np.uint8))
    assert caught.value.kind == "invalid_output"


def test_a_model_of_another_task(test_data):
    with pytest.raises(errors.ModelImplementationNotFoundError, match="instance-segmentation"):
        AutoModel.from_pretrained(test_data / "models/yolov8n-seg-320/yolov8n-seg.onnx")
