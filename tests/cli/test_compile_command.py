"""`inference-models compile` with ONNX Runtime: the whole path, and what goes wrong on it."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import onnx
import pytest
from support.models_by_id import MODEL
from support.tiny_models import SIDE, png, tiny_detector, write_package

ID = "tiny.onnxruntime-fp32-b1-32x32"


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def run(program, cache):
    return lambda *arguments, env=None: program(*arguments, env={"INFERENCE_HOME": str(cache)} | (env or {}))


def compile_it(run, model, *arguments):
    return run("compile", model, "--engine", "onnxruntime", *arguments)


def in_cache(cache: Path) -> list[str]:
    """What was registered or left: names beside the locks."""
    return sorted(path.name for path in cache.glob("hub/compiled/*/*") if path.suffix != ".lock")


def candidates(run, model, *arguments) -> dict:
    listed = run("explain", model, "--backend", "onnx", "--json", *arguments).json["candidates"]
    return {one["package_id"]: one for one in listed if one["engine"] != "openvino"}


@pytest.fixture
def compiled(run, package, cache):
    """The directory of a compiled tiny detector."""
    done = compile_it(run, package, "--json")
    assert done.code == 0, done.stderr
    return Path(done.json["location"])


def predictions(run) -> list:
    return [entry["predictions"] for entry in run.json]


def edit(compiled: Path, **changes) -> None:
    path = compiled / "compiled.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_compiled_package_is_used_from_then_on(run, package, image, cache):
    plain = run("predict", package, image, "--backend", "onnx", "--json")
    done = compile_it(run, package, "--json")
    assert done.code == 0, done.stderr
    assert "compiling tiny for ONNX Runtime" in done.stderr
    answer = done.json
    assert (answer["package_id"], answer["source_package_id"]) == (ID, "tiny")
    assert answer["agreement"] == "every number is the same"
    assert in_cache(cache) == [ID]
    after = run("predict", package, image, "--backend", "onnx", "--json", "--log-level", "info")
    assert after.code == 0, after.stderr
    assert f"package={ID}" in after.stderr
    assert predictions(after) == predictions(plain)
    assert candidates(run, package)[ID]["status"] == "chosen"
    assert candidates(run, package)["tiny"]["status"] == "usable"


def test_people_are_told_where_it_lies(run, package, compiled):
    done = compile_it(run, package)
    assert done.code == 0
    assert str(compiled) in done.stdout
    assert done.stdout.startswith(ID + "\n")


def test_the_command_in_it_makes_it_again(run, package, compiled, cache, program):
    command = json.loads((compiled / "compiled.json").read_text())["command"]
    shutil.rmtree(compiled)
    done = subprocess.run(
        ["bash", "-c", command.replace("inference-models", str(program.installed), 1)],
        env=program.environment({"INFERENCE_HOME": str(cache)}),
        cwd="/",
        check=False,
    )
    assert done.returncode == 0
    assert in_cache(cache) == [ID]


def test_real_detections_are_the_same(run, test_data, cache):
    model, photo = test_data / "models/yolov8n-640/onnx-fp32", test_data / "images/bus.jpg"
    plain = run("predict", model, photo, "--backend", "onnx", "--json")
    assert compile_it(run, model).code == 0
    after = run("predict", model, photo, "--backend", "onnx", "--json", "--log-level", "info")
    assert "package=onnx-fp32.onnxruntime-fp32-b1-640x640" in after.stderr
    assert predictions(after) == predictions(plain)
    assert predictions(plain)[0]
    (compiled,) = cache.glob("hub/compiled/*/*/weights.onnx")
    optimised, source = onnx.load(compiled), onnx.load(model / "weights.onnx")
    assert len(optimised.graph.node) < len(source.graph.node)


# --- What it is bound to ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"instruction_sets": ["avx1024"]}, "compiled for a CPU with avx1024, which this one does not have"),
        ({"architecture": "riscv64"}, "compiled for riscv64, this machine is"),
        ({"runtime_version": "1.2.3"}, "compiled with ONNX Runtime 1.2.3 and runs on that version alone"),
        ({"engine": "torch"}, "weights.pt2 is missing"),
        ({"format_version": 9}, "compiled.json: format_version is 9"),
    ],
)
def test_one_that_is_not_for_this_machine_is_rejected_with_the_reason(run, package, image, compiled, change, reason):
    edit(compiled, **change)
    candidate = candidates(run, package)[ID]
    assert candidate["status"] in ("possible", "rejected")
    assert reason in candidate["reason"]
    assert candidate["remedy"] or "riscv64" in reason
    after = run("predict", package, image, "--backend", "onnx", "--json", "--log-level", "info")
    assert after.code == 0
    assert "package=tiny " in after.stderr


def test_one_of_a_changed_source_is_rejected_until_it_is_compiled_again(run, package, compiled):
    tiny_detector(package / "weights.onnx", [[16], [16], [8], [8], [0.7]])
    candidate = candidates(run, package)[ID]
    assert candidate["status"] == "rejected"
    assert "was made from another version of" in candidate["reason"]
    assert "inference-models compile" in candidate["remedy"]
    assert compile_it(run, package).code == 0
    assert candidates(run, package)[ID]["status"] == "chosen"


def test_one_that_others_may_write_to_is_rejected(run, package, compiled):
    compiled.chmod(0o777)
    candidate = candidates(run, package)[ID]
    assert candidate["status"] == "rejected"
    assert "other users may write to" in candidate["reason"]


def test_garbage_is_rejected(run, package, image, compiled):
    (compiled / "compiled.json").write_bytes(os.urandom(1000))
    assert candidates(run, package)[ID]["status"] == "rejected"
    (compiled / "compiled.json").unlink()
    (compiled / "compiled.json").mkdir()
    assert candidates(run, package)[ID]["status"] == "rejected"
    assert run("predict", package, image).code == 0


def test_a_network_that_the_engine_refuses_is_passed_over(run, package, image, compiled):
    (compiled / "weights.onnx").write_bytes(b"garbage")
    after = run("predict", package, image, "--backend", "onnx", "--json")
    assert after.code == 0
    assert "failed while loading" in after.stderr
    assert "tiny in ONNX Runtime is taken instead" in after.stderr


# --- What is asked for -----------------------------------------------------------------------------------------------


def test_open_dimensions_are_fixed(run, tmp_path, cache):
    write_package(tmp_path / "open")
    tiny_detector(tmp_path / "open/weights.onnx", [[16], [16], [8], [8], [0.9]], dynamic_batch=True)
    config = json.loads((tmp_path / "open/inference_config.json").read_text())
    config["forward_pass"] = {"max_dynamic_batch_size": 8}
    (tmp_path / "open/inference_config.json").write_text(json.dumps(config))
    done = compile_it(run, tmp_path / "open", "--batch", "4", "--json")
    assert done.code == 0, done.stderr
    assert done.json["batch"] == {"min": 4, "max": 4}
    graph = onnx.load(Path(done.json["location"]) / "weights.onnx").graph
    assert [side.dim_value for side in graph.input[0].type.tensor_type.shape.dim] == [4, 3, SIDE, SIDE]
    any_number = compile_it(run, tmp_path / "open", "--json").json
    assert any_number["batch"] == {"min": 1, "max": 8}
    too_many = compile_it(run, tmp_path / "open", "--batch", "9")
    assert (too_many.code, too_many.error_kind) == (2, "invalid_argument")
    assert "takes 1 to 8 images per run" in too_many.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--size", "64"], "takes `images` [1, 3, 32, 32] alone"),
        (["--size", "0"], "size = 0x0"),
        (["--size", "640by480"], "--size does not know `640by480`"),
        (["--batch", "2"], "takes 1 to 1 images per run"),
        (["--precision", "bf16"], "nothing is compiled in bf16 for ONNX Runtime"),
        (["--precision", "int8"], "needs pictures"),
        (["--calibration", "/tmp"], "calibration is for precision=int8 alone"),
    ],
)
def test_what_cannot_be_is_said(run, package, cache, arguments, message):
    done = compile_it(run, package, *arguments)
    assert (done.code, done.error_kind) == (2, "invalid_argument")
    assert message in done.stderr
    assert in_cache(cache) == []


def test_int8_wants_pictures_in_its_directory(run, package, cache, tmp_path):
    (tmp_path / "empty").mkdir()
    done = compile_it(run, package, "--precision", "int8", "--calibration", tmp_path / "empty")
    assert (done.code, done.error_kind) == (2, "invalid_argument")
    assert "holds no picture" in done.stderr
    assert in_cache(cache) == []


def test_an_engine_without_a_package_for_it_says_so(run, package):
    done = run("compile", package, "--engine", "torch")
    assert (done.code, done.error_kind) == (4, "no_usable_backend")


def test_what_was_compiled_is_not_compiled_again(run, package, compiled):
    done = compile_it(run, package, "--model-package-id", ID)
    assert done.code == 4


# --- Killed and clashing processes -----------------------------------------------------------------------------------


def leave_unfinished(cache: Path) -> Path:
    (source,) = cache.glob("hub/compiled/*")
    unfinished = source / f".new-{ID}"
    unfinished.mkdir()
    (unfinished / "weights.onnx").write_text("half")
    return unfinished


def test_what_a_killed_compile_left_is_not_listed_and_goes_with_the_next(run, package, compiled, cache):
    unfinished = leave_unfinished(cache)
    shutil.rmtree(compiled)
    assert list(candidates(run, package)) == ["tiny"]
    assert compile_it(run, package).code == 0
    assert not unfinished.exists()
    assert in_cache(cache) == [ID]


def test_a_compile_that_is_killed_at_any_moment_leaves_nothing_that_is_listed(program, run, test_data, cache):
    model = test_data / "models/yolov8n-640/onnx-fp32"
    for delay in (0.05, 0.2, 0.4, 0.8):
        process = subprocess.Popen(
            [program.installed, "compile", model, "--engine", "onnxruntime"],
            env=program.environment({"INFERENCE_HOME": str(cache)}),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        listed = candidates(run, model)
        assert {one["status"] for one in listed.values()} <= {"chosen", "usable"}
    assert compile_it(run, model).code == 0
    assert in_cache(cache) == ["onnx-fp32.onnxruntime-fp32-b1-640x640"]


def test_two_compiles_of_one_package_do_not_clash(program, package, cache):
    processes = [
        subprocess.Popen(
            [program.installed, "compile", package, "--engine", "onnxruntime"],
            env=program.environment({"INFERENCE_HOME": str(cache)}),
            stdout=subprocess.DEVNULL,
        )
        for _ in range(4)
    ]
    assert [process.wait(timeout=60) for process in processes] == [0] * 4
    assert in_cache(cache) == [ID]


def test_a_cache_that_cannot_be_written_is_named(run, package, cache):
    cache.write_text("a file")
    done = compile_it(run, package)
    assert (done.code, done.error_kind) == (1, "io_failure")
    assert str(cache) in done.stderr


# --- By id, and looking after it -------------------------------------------------------------------------------------


def test_a_model_by_id_is_compiled_and_found_again(client, image):
    before = client("predict", MODEL, image, "--backend", "onnx", "--json")
    assert before.code == 0, before.stderr
    done = client("compile", MODEL, "--engine", "onnxruntime", "--json")
    assert done.code == 0, done.stderr
    after = client("predict", MODEL, image, "--backend", "onnx", "--json", "--log-level", "info")
    assert f"package={done.json['package_id']}" in after.stderr
    assert predictions(after) == predictions(before)


def test_pruning_takes_away_what_was_compiled_of_networks_that_are_gone(run, package, compiled, cache, tmp_path):
    leave_unfinished(cache)
    other = write_package(tmp_path / "other")
    assert compile_it(run, other).code == 0
    shutil.rmtree(other)
    pruned = run("cache", "prune")
    assert pruned.code == 0, pruned.stderr
    assert in_cache(cache) == [ID]
    assert candidates(run, package)[ID]["status"] == "chosen"
    assert run("cache", "prune", "--all").code == 0
    assert in_cache(cache) == []


# --- Other engines, and int8 -----------------------------------------------------------------------------------------


@pytest.fixture
def needs(program, build_dir):
    """Skips where an engine cannot compile here."""

    def check(engine, script):
        engines = program("describe-runtime", "--json").json["engines"]
        (found,) = [one for one in engines if one["engine"] == engine]
        if not (found["installed"] and found["adapter"]):
            pytest.skip(f"{engine} is not installed, or there is no adapter for it")
        if not (build_dir / "share/inference_models/compilers" / script).is_file():
            pytest.skip(f"this build has no {script}")
        return found

    return check


def predicted(run, model, photo, *arguments) -> list[dict]:
    done = run("predict", model, photo, "--json", *arguments)
    assert done.code == 0, done.stderr
    return predictions(done)[0]


def expect_near(actual, expected, pixels, confidence):
    assert len(actual) == len(expected) > 0
    for one, other in zip(actual, expected, strict=True):
        assert one["class"] == other["class"]
        assert one["xyxy"] == pytest.approx(other["xyxy"], abs=pixels)
        assert one["confidence"] == pytest.approx(other["confidence"], abs=confidence)


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "form"), [("openvino", "onnx-fp32"), ("torch", "torch-script-fp32")])
def test_other_engines_compile_too(program, run, cache, needs, test_data, engine, form):
    needs(engine, f"{engine}_compile.py")
    model, photo = test_data / "models/yolov8n-640" / form, test_data / "images/bus.jpg"
    plain = predicted(run, model, photo, "--backend", engine)
    done = subprocess.run(  # PyTorch compiles for a minute, and for more of them on a busy machine
        [program.installed, "compile", model, "--engine", engine, "--json"],
        env=program.environment({"INFERENCE_HOME": str(cache)}),
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)["package_id"]
    assert made == f"{form}.{engine}-fp32-b1-640x640"
    after = run("predict", model, photo, "--json", "--log-level", "info")
    assert f"package={made} backend={engine}" in after.stderr
    expect_near(predictions(after)[0], plain, 0.02, 1e-4)


def test_a_runtime_outside_of_a_python_environment_is_told(run, needs, package, tmp_path):
    library = needs("openvino", "openvino_compile.py")["library"]
    shutil.copytree(Path(library).parent, tmp_path / "elsewhere")
    named = {"INFERENCE_MODELS_OPENVINO_LIBRARY": str(tmp_path / "elsewhere" / Path(library).name)}
    done = run("compile", package, "--engine", "openvino", env=named)
    assert (done.code, done.error_kind) == (4, "no_usable_backend")
    assert "compiles networks by its Python package" in done.stderr


@pytest.mark.slow
def test_int8_is_quantised_with_pictures_and_compared(run, pictures, cache):
    pytest.importorskip("onnxruntime.quantization")
    directory = pictures[0].parent
    done = compile_it(run, "codes-n-640", "--precision", "int8", "--calibration", directory, "--json")
    assert done.code == 0, done.stderr
    made = done.json
    assert made["precision"] == "int8"
    assert "objects that fp32 finds in" in made["agreement"]
    directory_of_it = Path(made["location"])
    assert sorted(path.name for path in directory_of_it.iterdir()) == ["compiled.json", "weights.onnx"]
    types = {node.op_type for node in onnx.load(directory_of_it / "weights.onnx").graph.node}
    assert types & {"QLinearConv", "ConvInteger", "DequantizeLinear"}
    unasked = run("explain", "codes-n-640", "--json").json["candidates"]
    assert [one["status"] for one in unasked if one["package_id"] == made["package_id"]] == ["rejected"] * 2
    asked = run(
        "predict", "codes-n-640", pictures[0], "--precision", "int8", "--backend", "onnx", "--log-level", "info"
    )
    assert f"package={made['package_id']}" in asked.stderr
    assert "precision=int8" in asked.stderr


@pytest.mark.slow
def test_int8_of_pictures_without_objects_is_not_kept(run, cache, tmp_path):
    pytest.importorskip("onnxruntime.quantization")
    (tmp_path / "blank").mkdir()
    (tmp_path / "blank/one.png").write_bytes(png(SIDE, SIDE))
    done = compile_it(run, "codes-n-640", "--precision", "int8", "--calibration", tmp_path / "blank")
    assert (done.code, done.error_kind) == (1, "invalid_output")
    assert "fp32 finds nothing in 1 pictures" in done.stderr
    assert in_cache(cache) == []
