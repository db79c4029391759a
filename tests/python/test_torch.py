"""PyTorch as an engine: what TorchScript modules may look like, and life beside a PyTorch that Python uses itself."""

import ctypes
import subprocess

import numpy as np
import pytest
import torch
from support.python_process import run_python
from support.tiny_models import SIDE, write_descriptions

from inference_models import AutoModel, InvalidParameterError, ModelRuntimeError

# torch.jit works, and packages are made with it; torch.compile makes none that run without Python.
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")

POINTS = (SIDE // 8) ** 2


class Detector(torch.nn.Module):
    """A convolution whose output has the shape of a detector with one class: [batch, 5, points]."""

    def __init__(self):
        super().__init__()
        self.convolution = torch.nn.Conv2d(3, 5, 8, 8)

    def forward(self, images):
        return torch.sigmoid(self.convolution(images)).flatten(2)


class Nested(Detector):
    def forward(self, images):
        first = torch.sigmoid(self.convolution(images)).flatten(2)
        return first, (first + 1, [first + 2, first + 3]), {"z": first + 4, "a": first + 5}


class WithANumber(Detector):
    def forward(self, images):
        return torch.sigmoid(self.convolution(images)).flatten(2), 3


class OfTwoTensors(Detector):
    def forward(self, images, others):
        return torch.sigmoid(self.convolution(images)).flatten(2) + others


class ForOneSize(Detector):
    """Holds a constant of its input's size, as traced detectors do."""

    def __init__(self, points):
        super().__init__()
        self.points = points

    def forward(self, images):
        return torch.sigmoid(self.convolution(images)).flatten(2) + torch.ones(1, 5, self.points)


@pytest.fixture
def write(tmp_path):
    """Writes a module as a package."""

    def package(module, batch=1):
        write_descriptions(tmp_path / "model", "torch-script", batch)
        module.save(str(tmp_path / "model/weights.torchscript"))
        return tmp_path / "model"

    return package


def scripted(module):
    return torch.jit.script(module.eval())


@pytest.mark.parametrize("batch", [1, 2])
def test_outputs_equal_those_of_python(write, batch):
    detector = Detector().eval()
    model = AutoModel.from_pretrained(write(torch.jit.trace(detector, torch.rand(batch, 3, SIDE, SIDE)), batch))
    assert model.description.backend == "torch"
    assert model.description.max_batch_size == batch
    images = np.random.default_rng(0).random((5, 3, SIDE, SIDE), np.float32)
    (output,) = model.forward(images)
    with torch.inference_mode():
        expected = detector(torch.from_numpy(images)).numpy()
    np.testing.assert_allclose(output, expected, atol=1e-6)


def test_tuples_lists_and_dictionaries_are_flattened_in_order(write):
    model = AutoModel.from_pretrained(write(scripted(Nested())))
    outputs = model.forward(np.random.default_rng(0).random((1, 3, SIDE, SIDE), np.float32))
    assert [output.shape for output in outputs] == [(1, 5, POINTS)] * 6
    for number, output in enumerate(outputs):
        np.testing.assert_allclose(output, outputs[0] + number, atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 3, SIDE, SIDE + 8), (1, 3, 8, 8), (1, 1, SIDE, SIDE), (3, SIDE, SIDE)])
def test_another_size_is_an_error_before_it_runs(write, shape):
    model = AutoModel.from_pretrained(write(scripted(Detector())))  # which would take it
    with pytest.raises(InvalidParameterError, match=r"takes float32 \[batch, 3, 32, 32\]"):
        model.forward(np.zeros(shape, np.float32))


def test_a_package_that_states_another_size_than_the_traced_one_fails_while_loading(write):
    module = torch.jit.trace(ForOneSize(4).eval(), torch.rand(1, 3, 16, 16))
    with pytest.raises(ModelRuntimeError, match="size of tensor a") as caught:
        AutoModel.from_pretrained(write(module))
    assert "traced" in caught.value.hint
    assert "Traceback" not in caught.value.message


def test_outputs_that_hold_no_tensors_are_named(write):
    with pytest.raises(ModelRuntimeError, match="returns Int"):
        AutoModel.from_pretrained(write(scripted(WithANumber())))


def test_a_module_of_two_tensors_is_no_detector(write):
    with pytest.raises(Exception, match="2 inputs instead of one"):
        AutoModel.from_pretrained(write(scripted(OfTwoTensors())))


def test_weights_in_fp16_are_computed_in_fp32(write):
    detector = Detector().half()
    model = AutoModel.from_pretrained(write(scripted(detector)))
    assert model.description.precision == "fp32"
    images = np.random.default_rng(0).random((1, 3, SIDE, SIDE), np.float32)
    expected = detector.float().eval()(torch.from_numpy(images)).detach().numpy()
    np.testing.assert_allclose(model.forward(images)[0], expected, atol=1e-6)


def test_weights_of_other_types_are_refused(write):
    with pytest.raises(InvalidParameterError, match="Double, neither float32 nor float16 nor bfloat16"):
        AutoModel.from_pretrained(write(scripted(Detector().double())))


def test_weights_of_any_layout_give_the_same(write):
    detector = Detector()
    images = np.random.default_rng(0).random((1, 3, SIDE, SIDE), np.float32)
    expected = detector.eval()(torch.from_numpy(images)).detach().numpy()
    model = AutoModel.from_pretrained(write(scripted(detector.to(memory_format=torch.channels_last))))
    np.testing.assert_allclose(model.forward(images)[0], expected, atol=1e-6)


LIBRARIES = """
def libraries():
    with open("/proc/self/maps") as maps:
        return {line.split()[-1] for line in maps if line.rstrip().endswith("/libtorch_cpu.so")}
"""


def test_a_pytorch_that_python_imported_is_used_and_left_as_it_is(test_data):
    printed = run_python(
        LIBRARIES
        + """
import sys, torch
torch.set_num_threads(1)
from inference_models import AutoModel
model = AutoModel.from_pretrained(sys.argv[1], backend="torch", threads=2)
found = model(sys.argv[2])[0]
assert model.description.threads == 1, model.description.threads
assert torch.get_num_threads() == 1
assert torch.backends.mkldnn.enabled and torch.is_grad_enabled()
assert torch.ones(2, requires_grad=True).sum().requires_grad
print(len(libraries()), len(found))
""",
        test_data / "models/yolov8n-640",
        test_data / "images/bus.jpg",
    )
    assert printed.split() == ["1", "4"]


def test_python_may_import_pytorch_afterwards(test_data):
    printed = run_python(
        LIBRARIES
        + """
import sys
from inference_models import AutoModel
model = AutoModel.from_pretrained(sys.argv[1], backend="torch", threads=1)
before = model(sys.argv[2])[0]
assert model.description.threads == 1
import torch
assert torch.nn.functional.conv2d(torch.ones(1, 1, 3, 3), torch.ones(1, 1, 2, 2)).sum() == 16
assert model(sys.argv[2])[0] == before
print(len(libraries()), len(before))
""",
        test_data / "models/yolov8n-640",
        test_data / "images/bus.jpg",
    )
    assert printed.split() == ["1", "4"]


@pytest.fixture
def foreign_pytorch(tmp_path):
    """A library that calls itself PyTorch 2.99, without headers."""
    library = tmp_path / "torch/lib/libtorch_cpu.so"
    library.parent.mkdir(parents=True)
    (tmp_path / "torch/version.py").write_text("__version__ = '2.99.1'\n")
    source = tmp_path / "empty.c"
    source.write_text("int nothing;\n")
    subprocess.run(["cc", "-shared", "-o", library, source], check=True)
    ctypes.CDLL(str(library))  # that it can be loaded
    return library


def test_another_version_in_this_process_is_a_reason(test_data, foreign_pytorch, tmp_path):
    printed = run_python(
        """
        import ctypes, sys
        ctypes.CDLL(sys.argv[3])
        from inference_models import AutoModel
        explanation = AutoModel.explain(sys.argv[1])
        (torch,) = [one for one in explanation.candidates if one.engine == "torch"]
        print(torch.reason, torch.remedy, sep="\\n")
        model = AutoModel.from_pretrained(sys.argv[1])
        print(model.description.backend, len(model(sys.argv[2])[0]))
        """,
        test_data / "models/yolov8n-640",
        test_data / "images/bus.jpg",
        foreign_pytorch,
        env={"PATH": "", "XDG_CACHE_HOME": str(tmp_path)},
    )
    reason, remedy, used = printed.splitlines()
    assert "PyTorch 2.99.1 is installed, but has no adapter" in reason
    assert f"INFERENCE_MODELS_TORCH_LIBRARY={foreign_pytorch} inference-models engine build torch" in remedy
    assert used == "openvino 4"
