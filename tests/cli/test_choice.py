"""What the program says about its choices, and what it loads to find out."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from support.tiny_models import write_package


def test_explain_lists_every_candidate(program, test_data):
    run = program("explain", test_data / "models/yolov8n-640", "--json")
    assert run.code == 0, run.stderr
    explanation = run.json
    assert explanation["model_id"] == "yolov8n-640"
    candidates = {(one["package_id"], one["engine"]): one for one in explanation["candidates"]}
    assert candidates[("onnx-fp32", "openvino")]["status"] == "chosen"
    assert "openvino 20" in candidates[("onnx-fp32", "openvino")]["reason"]
    for one in (("torch-script-fp32", "torch"), ("onnx-fp32", "onnxruntime")):
        assert candidates[one]["status"] == "usable"
        assert "later in the order" in candidates[one]["reason"]
    checkpoint = candidates[("yolov8n.pt", None)]
    assert checkpoint["status"] == "possible"
    assert "yolo export" in checkpoint["remedy"]
    assert [one["status"] for one in explanation["candidates"]] == sorted(
        (one["status"] for one in explanation["candidates"]),
        key=["chosen", "usable", "possible", "rejected"].index,
    )


@pytest.fixture
def environment(tmp_path):
    """Makes Python environments that have nothing but some of the distributions of the one that runs the tests."""

    def make(*distributions):
        site_packages = tmp_path / "environment/lib/python3.11/site-packages"
        site_packages.mkdir(parents=True)
        installed = Path(np.__file__).parent.parent
        for name in distributions:
            for source in [installed / name, *installed.glob(f"{name}-*.dist-info")]:
                (site_packages / source.name).symlink_to(source)
        return {"VIRTUAL_ENV": str(tmp_path / "environment")}

    return make


def test_without_torch_the_choice_is_onnx(program, test_data, environment):
    run = program("explain", test_data / "models/yolov8n-640", "--json", env=environment("onnxruntime"))
    assert run.code == 0
    chosen, *others = run.json["candidates"]
    assert (chosen["status"], chosen["backend"]) == ("chosen", "onnx")
    (torch,) = [one for one in others if one["engine"] == "torch"]
    assert torch["status"] == "possible"
    assert "would stand before the chosen one" in torch["reason"]
    assert torch["remedy"].endswith("install torch --index-url https://download.pytorch.org/whl/cpu")


def test_without_any_runtime_the_error_has_both_commands(program, test_data, environment):
    photo = test_data / "images/bus.jpg"
    run = program("predict", test_data / "models/yolov8n-640", photo, env=environment())
    assert (run.code, run.error_kind) == (4, "no_usable_backend")
    assert "install onnxruntime\n" in run.stderr
    assert "install torch --index-url https://download.pytorch.org/whl/cpu\n" in run.stderr


def test_explain_without_a_usable_backend(program, package):
    run = program("explain", package, "--backend", "trt", "--json")
    assert run.code == 4
    assert all(one["status"] in ("possible", "rejected") for one in run.json["candidates"])


def test_the_next_candidate_is_taken_when_one_fails_while_loading(program, tmp_path, image):
    write_package(tmp_path / "model/a")
    write_package(tmp_path / "model/b")
    (tmp_path / "model/a/class_names.txt").write_text("one\ntwo\n")
    run = program("predict", tmp_path / "model", image, "--json")
    assert run.code == 0, run.stderr
    assert "warning" in run.stderr
    assert "a in OpenVINO failed while loading" in run.stderr
    assert "b in OpenVINO is taken instead" in run.stderr


def test_when_every_candidate_fails_the_first_error_is_told(program, tmp_path, image):
    for name in ("a", "b"):
        write_package(tmp_path / "model" / name)
        (tmp_path / "model" / name / "class_names.txt").write_text("one\ntwo\n")
    run = program("predict", tmp_path / "model", image)
    assert run.code == 1
    assert "model/a/class_names.txt" in run.stderr


def test_a_broken_package_among_good_ones_is_a_candidate_with_its_reason(program, tmp_path):
    write_package(tmp_path / "model/good")
    write_package(tmp_path / "model/broken")
    (tmp_path / "model/broken/inference_config.json").unlink()
    run = program("explain", tmp_path / "model", "--json")
    assert run.code == 0
    statuses = {one["package_id"]: one for one in run.json["candidates"] if one["status"] != "possible"}
    assert statuses["broken"]["status"] == "rejected"
    assert "inference_config.json" in statuses["broken"]["reason"]


def test_a_package_can_be_asked_for(program, tmp_path, image):
    write_package(tmp_path / "model/a")
    write_package(tmp_path / "model/b")
    run = program("predict", tmp_path / "model", image, "--model-package-id", "b", "--json", "--log-level", "info")
    assert run.code == 0
    assert "package=b" in run.stderr


def test_one_line_at_level_info_says_what_runs(program, package, image):
    run = program("predict", package, image, env={"INFERENCE_MODELS_LOG": "info"})
    lines = [line for line in run.stderr.splitlines() if line.startswith("info: model ")]
    assert len(lines) == 1
    assert re.search(
        r"backend=openvino engine=OpenVINO \d+\.\d+\.\d+ device=cpu precision=fp32 threads=\d+ \(", lines[0]
    )


def test_runtime_as_json(program):
    run = program("describe-runtime", "--json")
    assert run.code == 0
    description = run.json
    engines = {engine["engine"]: engine for engine in description["engines"]}
    assert set(engines) == {"onnxruntime", "torch", "openvino", "tensorrt"}
    assert engines["onnxruntime"]["installed"]
    assert engines["onnxruntime"]["library"].endswith(engines["onnxruntime"]["version"])
    assert all(engine["installed"] or engine["why_not"] for engine in engines.values())
    assert {extra["name"] for extra in description["extras"]} >= {
        "trt10",
        "torch-cpu",
        "torch-cu128",
        "onnx-cpu",
        "onnx-cu12",
    }
    assert all("pip" in extra["command"] for extra in description["extras"])
    assert description["cpu"]["threads"] >= 1
    assert "driver_version" in description["cuda"]
    assert "runtimes" in description["cuda"]


FOREIGN = ("torch", "openvino", "cuda", "cudart", "nvinfer", "cublas")


def loaded_libraries(run):
    """What the dynamic loader says it loaded, by name."""
    return set(re.findall(r"calling init: \S*/([^/\s]+)", run.stderr))


@pytest.mark.parametrize("command", [["describe-runtime"], ["predict"]])
def test_no_foreign_runtime_is_loaded(program, package, image, command):
    arguments = command if command == ["describe-runtime"] else [*command, package, image, "--backend", "onnx"]
    libraries = loaded_libraries(program(*arguments, env={"LD_DEBUG": "files"}))
    assert any(name.startswith("libinference_models.so") for name in libraries)
    assert any(name.startswith("libonnxruntime.so") for name in libraries) == (command == ["predict"])
    assert not [name for name in libraries if any(word in name for word in FOREIGN)]


@pytest.fixture(params=["newest", "1.20.1"])
def onnxruntime_library(request, build_dir):
    """The libraries of two ONNX Runtime versions: the installed one and the oldest that is tested."""
    if request.param == "newest":
        return None, None
    directory = build_dir.parent / "onnxruntime-1.20.1"
    library = directory / "onnxruntime/capi/libonnxruntime.so.1.20.1"
    if not library.is_file():
        pytest.skip(f"there is no {library}: make test installs it")
    return library, "1.20.1"


def test_both_onnxruntime_versions_give_the_expected_results(program, test_data, onnxruntime_library):
    library, version = onnxruntime_library
    expected = json.loads((test_data / "expected/yolov8n_inference_models.json").read_text())["images"]
    images = [test_data / "images" / name for name in expected]
    run = program(
        "predict",
        test_data / "models/yolov8n-640/onnx-fp32",
        *images,
        "--backend",
        "onnx",
        "--json",
        "--log-level",
        "info",
        env={"INFERENCE_MODELS_ONNXRUNTIME_LIBRARY": str(library)} if library else None,
    )
    assert run.code == 0, run.stderr
    assert f"ONNX Runtime {version or ''}" in run.stderr
    for entry, objects in zip(run.json, expected.values(), strict=True):
        assert [one["class"] for one in entry["predictions"]] == [one["class"] for one in objects]
        for found, wanted in zip(entry["predictions"], objects, strict=True):
            assert found["confidence"] == pytest.approx(wanted["confidence"], abs=1e-4)
            assert found["xyxy"] == pytest.approx(wanted["xyxy"], abs=0.52)  # this peer rounds its boxes


def test_annotated_pictures_never_replace_an_input(program, package, image, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(image, other / image.name)
    before = image.read_bytes()
    run = program("predict", package, image, other / image.name, "--save", tmp_path)
    assert run.code == 0, run.stderr
    assert image.read_bytes() == before
    assert (tmp_path / "image-2.png").is_file()
    assert (tmp_path / "image-3.png").is_file()
