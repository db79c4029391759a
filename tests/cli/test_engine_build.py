"""The adapter of PyTorch, built by the user's compiler where none came ready for use."""

import shutil
import subprocess
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def installation(build_dir, tmp_path_factory):
    """The product without a ready adapter for PyTorch."""
    prefix = tmp_path_factory.mktemp("installation")
    subprocess.run(["cmake", "--install", build_dir, "--prefix", prefix], check=True, stdout=subprocess.DEVNULL)
    for adapter in (prefix / "lib").glob("libinference_models_torch-*.so"):
        adapter.unlink()
    return prefix


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def installed(program, installation, cache):
    """Runs the installed program with a cache directory of its own."""

    def run(*arguments, env=None):
        own = {"XDG_CACHE_HOME": str(cache)} | (env or {})
        return program(*arguments, env=own, executable=installation / "bin/inference-models")

    return run


def files_in(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.rglob("*") if path.is_file())


@pytest.mark.slow
def test_the_first_use_builds_the_adapter(program, installed, test_data, cache):
    arguments = (
        "predict",
        test_data / "models/yolov8n-640",
        test_data / "images/bus.jpg",
        "--backend",
        "torch",
        "--json",
    )
    first = installed(*arguments)
    assert first.code == 0, first.stderr
    assert "building the adapter for PyTorch 2.13" in first.stderr
    assert files_in(cache) == ["libinference_models_torch-2.13.so"]
    second = installed(*arguments)
    assert second.code == 0
    assert second.stderr == ""
    expected = program(*arguments)  # with the adapter of the build
    for run in (first, second):
        assert [entry["predictions"] for entry in run.json] == [entry["predictions"] for entry in expected.json]
    built = installed("engine", "build", "torch")  # nothing is left to do
    assert built.code == 0
    assert Path(built.stdout.strip()).name == "libinference_models_torch-2.13.so"


def test_a_compiler_that_fails_is_named_with_its_words(installed, tmp_path):
    compiler = tmp_path / "my-compiler"
    compiler.write_text("#!/bin/sh\necho in file included from a.hpp\necho 'b.cpp:1: error: no coffee'; exit 1\n")
    compiler.chmod(0o755)
    run = installed("engine", "build", "torch", env={"CXX": str(compiler), "XDG_CACHE_HOME": str(tmp_path / "cache")})
    assert (run.code, run.error_kind) == (1, "engine_failure")
    assert "b.cpp:1: error: no coffee" in run.stderr
    assert str(compiler) in run.hint
    assert files_in(tmp_path / "cache") == []


def test_where_it_cannot_be_built_the_next_candidate_runs(installed, test_data, tmp_path):
    environment = {"CXX": shutil.which("false"), "XDG_CACHE_HOME": str(tmp_path)}
    asked = ("--backend", "torch", "--backend", "onnx", "--json")
    photo = test_data / "images/bus.jpg"
    run = installed("predict", test_data / "models/yolov8n-640", photo, *asked, env=environment)
    assert run.code == 0
    assert "the adapter for PyTorch 2.13.0 could not be built" in run.stderr
    assert run.json[0]["model"]["backend"] == "onnx"


def test_without_a_compiler_the_choice_is_onnx_and_says_what_to_do(installed, test_data, tmp_path):
    environment = {"PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    run = installed("explain", test_data / "models/yolov8n-640", "--json", env=environment)
    (torch,) = [one for one in run.json["candidates"] if one["engine"] == "torch"]
    assert torch["status"] == "possible"
    assert "no C++ compiler" in torch["reason"]
    assert torch["remedy"].endswith("inference-models engine build torch")


def test_an_unwritable_cache_is_an_error_that_says_so(installed, tmp_path):
    (tmp_path / "cache").write_text("a file")
    run = installed("engine", "build", "torch", env={"XDG_CACHE_HOME": str(tmp_path / "cache")})
    assert (run.code, run.error_kind) == (1, "io_failure")
    assert "INFERENCE_MODELS_ADAPTERS" in run.hint


def test_only_torch_is_built(installed):
    run = installed("engine", "build", "onnxruntime")
    assert run.code == 2
    assert "torch" in run.stderr


def test_the_cmake_package_is_told(installed, installation, program):
    run = installed("--cmake-dir")
    assert (run.code, run.stdout) == (0, f"{installation}/lib/cmake/inference_models\n")
    run = program("--cmake-dir")
    assert (run.code, run.error_kind) == (1, "io_failure")
