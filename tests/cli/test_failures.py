"""Bad input, each case in a process of its own: the kind of the error, what it names, and what it says to do."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from support.tiny_models import png, tiny_detector


def edit_json(path, *keys, value):
    document = json.loads(path.read_text())
    inner = document
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    path.write_text(json.dumps(document))


def test_the_tiny_detector_works(program, package, image):
    run = program("predict", package, image, "--json")
    assert run.code == 0, run.stderr
    (found,) = run.json[0]["predictions"]
    assert found == {"xyxy": [12, 12, 20, 20], "class_id": 0, "class": "thing", "confidence": pytest.approx(0.9)}


# --- the model's files -------------------------------------------------------------------------------------------


def assert_refused(run, kind, *named, hint):
    assert run.code == 1, (run.code, run.stderr)
    assert run.error_kind == kind
    assert run.stdout == ""
    message = run.stderr.splitlines()[0]
    for text in named:
        assert str(text) in message, message
    assert hint in run.hint, run.hint


def test_missing_path(program, tmp_path, image):
    run = program("predict", tmp_path / "nothing", image)
    assert_refused(run, "model_not_found", tmp_path / "nothing", hint="path")


def test_model_id(program, image):
    run = program("predict", "yolov8n-640", image, env={"OFFLINE_MODE": "True"})
    assert_refused(run, "model_not_found", "yolov8n-640", hint="by id: codes-n-640")


def test_empty_directory(program, tmp_path, image):
    (tmp_path / "empty").mkdir()
    run = program("predict", tmp_path / "empty", image)
    assert_refused(run, "model_not_found", tmp_path / "empty", hint="model_config.json")


@pytest.mark.parametrize("name", ["weights.onnx", "class_names.txt", "inference_config.json", "model_config.json"])
def test_missing_file(program, package, image, name):
    (package / name).unlink()
    assert_refused(program("predict", package, image), "corrupted_package", name, hint="")


def test_truncated_weights(program, package, image):
    weights = package / "weights.onnx"
    weights.write_bytes(weights.read_bytes()[:-40])
    assert_refused(program("predict", package, image), "corrupted_package", weights, hint="")


def test_empty_weights(program, package, image):
    (package / "weights.onnx").write_bytes(b"")
    assert_refused(program("predict", package, image), "corrupted_package", "weights.onnx", hint="")


@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE html><html>not found</html>",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n",
        b"PK\3\4 a zip archive",
    ],
)
def test_foreign_weights(program, package, image, content):
    (package / "weights.onnx").write_bytes(content)
    run = program("predict", package, image)
    assert_refused(run, "corrupted_package", package / "weights.onnx", hint="")
    assert run.hint


def test_foreign_bare_file(program, tmp_path, image):
    path = tmp_path / "model.onnx"
    path.write_bytes(png(4, 4))
    assert_refused(program("predict", path, image), "corrupted_package", path, hint="")


def test_bare_onnx_without_metadata(program, package, image):
    run = program("predict", package / "weights.onnx", image)
    assert run.code == 1
    assert str(package / "weights.onnx") in run.stderr
    assert "inference_config.json" in run.stderr


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("network_input",), 7),
        (("network_input", "training_input_size"), [640, 640]),
        (("network_input", "training_input_size", "height"), "640"),
        (("network_input", "training_input_size", "width"), -1),
        (("network_input", "color_mode"), "cmyk"),
        (("network_input", "resize_mode"), 1),
        (("network_input", "scaling_factor"), "255"),
        (("network_input", "scaling_factor"), 0),
        (("network_input", "input_channels"), 4),
        (("forward_pass", "static_batch_size"), 1.5),
        (("post_processing", "fused"), "no"),
        (("post_processing", "type"), 3),
    ],
)
def test_wrong_json_values(program, package, image, keys, value):
    edit_json(package / "inference_config.json", *keys, value=value)
    run = program("predict", package, image)
    assert_refused(run, "corrupted_package", "inference_config.json", ".".join(keys), hint="")


def test_broken_json(program, package, image):
    (package / "inference_config.json").write_text('{"network_input": ')
    assert_refused(program("predict", package, image), "corrupted_package", "inference_config.json", hint="")


def test_unknown_architecture(program, package, image):
    edit_json(package / "model_config.json", "model_architecture", value="yolov99")
    run = program("predict", package, image)
    assert run.code in (1, 4)
    assert "yolov99" in run.stderr
    assert "yolov8" in run.stderr


def test_class_names_that_are_not_utf8(program, package, image):
    (package / "class_names.txt").write_bytes(b"caf\xe9\n")
    run = program("predict", package, image)
    assert_refused(run, "corrupted_package", "class_names.txt", hint="UTF-8")


@pytest.mark.parametrize("names", ["", "\n\n"])
def test_no_class_names(program, package, image, names):
    (package / "class_names.txt").write_text(names)
    assert_refused(program("predict", package, image), "corrupted_package", "class_names.txt", hint="")


def test_too_few_class_names(program, package, image):
    tiny_detector(package / "weights.onnx", [[16], [16], [8], [8], [0.1], [0.9]])
    run = program("predict", package, image)
    assert_refused(run, "corrupted_package", "class_names.txt", "1", "2", hint="")


def test_nan_output(program, package, image):
    tiny_detector(package / "weights.onnx", [[16], [16], [8], [8], [np.nan]])
    run = program("predict", package, image)
    assert_refused(run, "invalid_output", "output0", hint="weights")


def test_a_class_name_cannot_steer_the_terminal(program, package, image):
    (package / "class_names.txt").write_text("\x1b[31mred\n")
    run = program("predict", package, image)
    assert run.code == 0, run.stderr
    assert "\x1b" not in run.stdout
    assert "red" in run.stdout


def test_a_model_of_another_task(program, test_data, image):
    run = program("predict", test_data / "models/yolov8n-seg-320/yolov8n-seg.onnx", image)
    assert_refused(run, "unsupported_model", "yolov8n-seg.onnx", "instance-segmentation", hint="object-detection")


@pytest.mark.parametrize("onnxruntime", ["newest", "1.20.1"])
def test_weights_in_a_file_of_their_own(program, package, image, build_dir, onnxruntime):
    tiny_detector(package / "weights.onnx", [[16] * 20, [16] * 20, [8] * 20, [8] * 20, [0.9] * 20])
    model = onnx.load(package / "weights.onnx")
    onnx.save(model, package / "weights.onnx", save_as_external_data=True, location="weights.data", size_threshold=100)
    library = build_dir.parent / "onnxruntime-1.20.1/onnxruntime/capi/libonnxruntime.so.1.20.1"
    env = {} if onnxruntime == "newest" else {"INFERENCE_MODELS_ONNXRUNTIME_LIBRARY": str(library)}
    run = program("predict", package, image, "--json", env=env)
    assert run.code == 0, run.stderr
    assert len(run.json[0]["predictions"]) == 1
    (package / "weights.data").unlink()
    assert program("predict", package, image, env=env).error_kind == "corrupted_package"


def test_a_directory_name_that_is_not_utf8(program, package, image, tmp_path):
    odd = tmp_path.joinpath(b"caf\xe9".decode(errors="surrogateescape"))
    shutil.copytree(package, odd)
    run = program("predict", odd, image, "--json")
    assert run.code == 0, run.stderr
    assert "\ufffd" in run.json[0]["model"]["id"]


# --- images ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("width", "height", "channels"), [(1, 1, 3), (1, 1, 1), (20000, 1, 3), (1, 20000, 1), (31, 77, 1)]
)
def test_odd_images_are_fine(program, package, tmp_path, width, height, channels):
    path = tmp_path / "odd.png"
    path.write_bytes(png(width, height, channels))
    run = program("predict", package, path, "--json", "--save", tmp_path / "out")
    assert run.code == 0, run.stderr
    entry = run.json[0]
    assert (entry["image"]["width"], entry["image"]["height"]) == (width, height)
    for found in entry["predictions"]:
        x_min, y_min, x_max, y_max = found["xyxy"]
        assert 0 <= x_min <= x_max <= width
        assert 0 <= y_min <= y_max <= height
    assert (tmp_path / "out/odd.png").is_file()


def unreadable(name, content):
    return pytest.param(name, content, id=name)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        unreadable("zero-size.png", png(0, 4)),
        unreadable("empty.png", b""),
        unreadable("truncated.png", png(64, 64)[:60]),
        unreadable("text.jpg", b"this is no picture"),
        unreadable("picture.gif", b"GIF89a\1\0\1\0\0\0\0"),
        unreadable("missing.png", None),
    ],
)
def test_an_unreadable_image_does_not_cost_the_others(program, package, image, tmp_path, name, content):
    bad = tmp_path / name
    if content is not None:
        bad.write_bytes(content)
    run = program("predict", package, bad, image, "--json")
    assert run.code == 3
    assert run.error_kind == "unreadable_image"
    assert str(bad) in run.stderr
    first, second = run.json
    assert first["image"] == {"path": str(bad)}
    assert first["error"]["kind"] == "unreadable_image"
    assert str(bad) in first["error"]["message"]
    assert first["error"]["hint"]
    assert len(second["predictions"]) == 1


def test_jsonl_has_a_line_for_each_image(program, package, image, tmp_path):
    run = program("predict", package, image, tmp_path / "missing.png", image, "--jsonl")
    assert run.code == 3
    documents = [json.loads(line) for line in run.stdout.splitlines()]
    assert ["error" in document for document in documents] == [False, True, False]


# --- options -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "named", "hint"),
    [
        (["--confidance", "0.5"], "--confidance", "--confidence"),
        (["--backend", "tensorflow"], "tensorflow", "onnx"),
        (["--confidence", "1.5"], "confidence", "0 to 1"),
        (["--iou", "nan"], "iou_threshold", "0 to 1"),
        (["--max-detections", "0"], "max_detections", "at least 1"),
        (["--device", "gpu"], "gpu", "cuda"),
        (["--quantization", "fp8"], "fp8", "fp16"),
        (["--precision", "fp8"], "fp8", "fastest"),
        (["--threads", "0"], "threads", "at least 1"),
        (["--batch-size", "0"], "batch_size", "at least 1"),
    ],
)
def test_wrong_options_are_usage_errors(program, package, image, options, named, hint):
    run = program("predict", package, image, *options)
    assert run.code == 2, run.stderr
    assert named in run.stderr
    assert hint in run.hint


def test_an_error_in_the_middle_leaves_a_whole_document(program, package, image, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/image-2.png").mkdir()  # the second picture cannot be saved there
    run = program("predict", package, image, image, "--json", "--save", tmp_path / "out")
    assert run.code == 1
    assert run.error_kind == "io_failure"
    assert len(run.json) == 1


def test_results_that_cannot_be_written_are_an_error(program, package, image):
    with Path("/dev/full").open("w") as full:
        run = program("predict", package, image, "--jsonl", stdout=full)
    assert run.code == 1
    assert run.error_kind == "io_failure"


def test_a_directory_of_images(program, package, tmp_path):
    images = tmp_path / "images"
    (images / "folder.jpg").mkdir(parents=True)
    for name in ("b.PNG", "a.png", "notes.txt"):
        (images / name).write_bytes(png(4, 4))
    run = program("predict", package, images, "--json")
    assert run.code == 0, run.stderr
    assert [entry["image"]["path"] for entry in run.json] == [str(images / "a.png"), str(images / "b.PNG")]


def test_a_directory_without_images(program, package, tmp_path):
    run = program("predict", package, tmp_path / "tiny")
    assert run.code == 2
    assert "First comes the model" in run.hint


def test_a_mistyped_command_is_a_usage_error(program):
    run = program("predcit", "a", "b")
    assert run.code == 2
    assert run.hint.splitlines()[0] == "Did you mean predict?"


def test_json_and_jsonl_exclude_each_other(program, package, image):
    assert program("predict", package, image, "--json", "--jsonl").code == 2


# --- backends ----------------------------------------------------------------------------------------------------


def test_without_any_runtime(program, package, image):
    run = program("predict", package, image, env={"VIRTUAL_ENV": "", "CONDA_PREFIX": ""})
    assert run.code == 4
    assert run.error_kind == "no_usable_backend"
    assert "pip install onnxruntime" in run.hint


@pytest.mark.parametrize(("backend", "missing"), [("trt", "TensorRT"), ("torch", "PyTorch")])
def test_a_named_backend_that_is_not_here(program, package, image, backend, missing):
    run = program("predict", package, image, "--backend", backend)
    assert run.code == 4
    assert run.error_kind == "no_usable_backend"
    assert missing in run.stderr
    assert "onnx" in run.hint


def test_an_execution_provider_that_is_not_there(program, package, image):
    run = program("predict", package, image, "--onnx-execution-providers", "CUDAExecutionProvider")
    assert run.code in (1, 4)
    assert "CUDAExecutionProvider" in run.stderr
    assert "CPUExecutionProvider" in run.hint


def test_a_device_that_is_not_there(program, package, image):
    run = program("predict", package, image, "--device", "cuda:3")
    assert run.code == 4
    assert "cuda:3" in run.stderr


def test_a_wrong_runtime_library_is_a_reason_not_a_crash(program, package, image):
    wrong = {"INFERENCE_MODELS_ONNXRUNTIME_LIBRARY": sys.executable}
    run = program("predict", package, image, "--backend", "onnx", env=wrong)
    assert run.code != 0
    assert "INFERENCE_MODELS_ONNXRUNTIME_LIBRARY" in run.stderr or "OrtGetApiBase" in run.stderr
