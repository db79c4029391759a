"""What PyTorch computes in: bf16 on request, and packages that were compiled for this machine."""

import hashlib
import json
import os
import platform
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from support.python_process import run_python

from inference_models import AutoModel, ModelRuntimeError

CONFIDENCE = 0.4
MARGIN = 0.05  # objects nearer to the threshold may come and go


def has_bf16() -> bool:
    with Path("/proc/cpuinfo").open() as cpu:
        return "avx512_bf16" in cpu.read()


needs_bf16 = pytest.mark.skipif(not has_bf16(), reason="this CPU has no instructions for bf16")


@pytest.fixture(scope="module")
def images(test_data):
    folder = test_data / "images"
    return {path.name: cv2.imread(str(path)) for path in [*folder.glob("*.j*g"), *folder.glob("crops/*.png")]}


@pytest.fixture(scope="module")
def in_fp32(test_data):
    return AutoModel.from_pretrained(test_data / "models/yolov8n-640", backend="torch", precision="fp32")


def ious(box, boxes):
    """Of one box with many."""
    low, high = np.maximum(box[:2], boxes[:, :2]), np.minimum(box[2:], boxes[:, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=1)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return common / (np.prod(box[2:] - box[:2]) + areas - common)


def differences(reference, found):
    """Per object of the reference: the IoU with its match, and by how much the scores differ."""
    boxes, scores = np.asarray(found.xyxy, np.float64), np.asarray(found.confidence)
    for box, score, class_id in zip(reference.xyxy, reference.confidence, reference.class_id, strict=True):
        if score < CONFIDENCE + MARGIN:
            continue
        overlaps = np.where(np.asarray(found.class_id) == class_id, ious(np.asarray(box, np.float64), boxes), 0)
        best = int(np.argmax(overlaps)) if len(overlaps) else None
        yield (0.0, 1.0) if best is None else (overlaps[best], abs(score - scores[best]))


def expect_agreement(model, reference, images, least_iou, most_difference):
    """In both directions, so that objects that are only in one of them count."""
    seen = 0
    for name, image in images.items():
        sides = [one(image, confidence=CONFIDENCE)[0] for one in (reference, model)]
        for first, second in (sides, sides[::-1]):
            for overlap, difference in differences(first, second):
                assert overlap >= least_iou, (name, overlap)
                assert difference <= most_difference, (name, difference)
                seen += 1
    assert seen > 80


@needs_bf16
def test_bf16_passes_its_gate(test_data, in_fp32, images):
    model = AutoModel.from_pretrained(test_data / "models/yolov8n-640", backend="torch", precision="bf16")
    assert model.description.precision == "bf16"
    expect_agreement(model, in_fp32, images, 0.95, 0.02)
    photo = next(iter(images.values()))
    outputs = [one.forward(one.pre_process(photo)[0])[0] for one in (model, in_fp32)]
    assert outputs[0].dtype == np.float32
    assert np.abs(outputs[0][:, 4:] - outputs[1][:, 4:]).max() > 1e-4  # or it would be fp32


def test_bf16_is_computed_only_when_asked(test_data, in_fp32, images):
    model = AutoModel.from_pretrained(test_data / "models/yolov8n-640", backend="torch")
    assert model.description.precision == "fp32"
    expect_agreement(model, in_fp32, images, 0.99999, 1e-6)


# --- Compiled packages -------------------------------------------------------------------------------------------


def compile_package(script, output, test_data, precision):
    weights = test_data / "models/yolov8n-640/torch-script-fp32/weights.torchscript"
    size = ["--batch", "1", "--height", "640", "--width", "640"]
    command = [sys.executable, script, "--input", weights, "--output", output, "--precision", precision, *size]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.fixture(scope="module")
def script():
    return Path(__file__).parents[2] / "src/engines/torch/compile.py"


@pytest.fixture(scope="module")
def compiled_file(script, test_data, tmp_path_factory):
    """The .pt2 file of a precision; made once."""
    made = {}

    def file(precision):
        if precision not in made:
            output = tmp_path_factory.mktemp("compiled") / "weights.pt2"
            facts = compile_package(script, output, test_data, precision)
            assert facts["torch_version"] == torch.__version__
            assert facts["shape"] == [1, 3, 640, 640]
            made[precision] = output
        return made[precision]

    return file


@pytest.fixture
def place(test_data, tmp_path):
    """Puts a file where the product finds compiled packages; gives the cache."""

    def placed(content, precision):
        source = (test_data / "models/yolov8n-640/torch-script-fp32").resolve()
        weights = source / "weights.torchscript"
        package = tmp_path / "cache/hub/compiled" / hashlib.sha256(str(source).encode()).hexdigest()[:16] / "compiled"
        package.mkdir(parents=True)
        (package / "weights.pt2").write_bytes(content)
        facts = weights.stat()
        record = {
            "format_version": 1,
            "engine": "torch",
            "runtime_version": torch.__version__.split("+")[0],
            "architecture": platform.machine(),
            "instruction_sets": [],
            "precision": precision,
            "batch": {"min": 1, "max": 1},
            "network_size": {"width": 640, "height": 640},
            "command": "compile it",
            "source": {
                "weights": str(weights),
                "size": facts.st_size,
                "modified_ns": facts.st_mtime_ns,
                "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
            },
        }
        (package / "compiled.json").write_text(json.dumps(record))
        return tmp_path / "cache"

    return placed


@pytest.fixture
def load(test_data, monkeypatch):
    def model(cache):
        monkeypatch.setenv("INFERENCE_HOME", str(cache))
        path = test_data / "models/yolov8n-640/torch-script-fp32"
        loaded = AutoModel.from_pretrained(path, model_package_id="compiled", threads=1)
        assert loaded.description.format == "pt2"
        return loaded

    return model


@pytest.mark.slow
def test_a_compiled_package_gives_what_its_source_gives(compiled_file, place, load, in_fp32, images):
    model = load(place(compiled_file("fp32").read_bytes(), "fp32"))
    assert model.description.precision == "fp32"
    for image in images.values():
        array, _ = model.pre_process(image)
        (found,), (expected,) = model.forward(array), in_fp32.forward(array)
        np.testing.assert_allclose(found[:, :4], expected[:, :4], rtol=0, atol=0.02)
        np.testing.assert_allclose(found[:, 4:], expected[:, 4:], rtol=0, atol=1e-4)


@pytest.mark.slow
def test_threads_share_a_compiled_package(compiled_file, place, load, images):
    model = load(place(compiled_file("fp32").read_bytes(), "fp32"))
    alone = [model(image)[0] for image in images.values()]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda image: model(image)[0], images.values()))
    assert together == alone


@pytest.mark.slow
def test_nothing_is_unpacked_that_could_be_left_behind(compiled_file, place, test_data, tmp_path):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    printed = run_python(
        """
        import os, sys
        from inference_models import AutoModel
        load = lambda: AutoModel.from_pretrained(sys.argv[1], model_package_id="compiled")
        first = load()(sys.argv[2])[0]
        second = load()  # at the place in memory of the first one, which is gone
        print(len(second(sys.argv[2])[0]), len(os.listdir(os.environ["TMPDIR"])), flush=True)
        """,
        test_data / "models/yolov8n-640/torch-script-fp32",
        test_data / "images/bus.jpg",
        env={
            **os.environ,
            "TMPDIR": str(temporary),
            "INFERENCE_HOME": str(place(compiled_file("fp32").read_bytes(), "fp32")),
        },
    )
    assert printed.split() == ["4", "0"]
    assert list(temporary.iterdir()) == []


def test_a_damaged_compiled_package_is_an_error(place, load):
    with pytest.raises(ModelRuntimeError, match="cannot load it"):
        load(place(b"PK\3\4" + bytes(1000), "fp32"))


def test_a_package_that_does_not_say_its_shape_is_refused(place, load, tmp_path):
    with torch.no_grad():
        program = torch.export.export(torch.nn.Identity(), (torch.rand(1, 3, 640, 640),))
    torch.export.save(program, str(tmp_path / "exported.pt2"))
    with pytest.raises(ModelRuntimeError, match="holds nothing that AOTInductor compiled") as caught:
        load(place((tmp_path / "exported.pt2").read_bytes(), "fp32"))
    assert "inference-models compile" in caught.value.hint


def test_the_script_says_what_it_cannot_read(script, tmp_path):
    (tmp_path / "weights").write_bytes(b"nothing")
    size = ["--batch", "1", "--height", "32", "--width", "32"]
    command = [sys.executable, script, "--input", tmp_path / "weights", "--output", tmp_path / "made.pt2", *size]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "weights cannot be loaded" in run.stderr
    assert run.stdout == ""
    assert list(tmp_path.iterdir()) == [tmp_path / "weights"]


def test_the_script_compiles_in_fp32_alone(script, tmp_path):
    size = ["--batch", "1", "--height", "32", "--width", "32"]
    command = [sys.executable, script, "--input", tmp_path / "weights", "--output", tmp_path / "made.pt2", *size]
    run = subprocess.run([*command, "--precision", "bf16"], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "load that with precision=bf16" in run.stderr
