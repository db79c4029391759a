"""The model that comes with the product, by its id."""

import pytest
from support.tiny_models import png, write_package

MODEL = "codes-n-640"
OFFLINE = {"OFFLINE_MODE": "True"}  # nobody is asked for other models


@pytest.fixture(params=["onnx", "torch"])
def backend(request):
    return request.param


def test_the_id_is_a_model(program, pictures, tmp_path, backend):
    run = program("predict", MODEL, *pictures, "--backend", backend, "--json", "--save", "out", cwd=tmp_path)
    assert run.code == 0, run.stderr
    assert [entry["model"]["id"] for entry in run.json] == [MODEL] * len(pictures)
    assert {entry["model"]["backend"] for entry in run.json} == {backend}
    assert any(entry["predictions"] for entry in run.json)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [path.name for path in pictures]


def test_no_socket_is_opened(program, pictures, tmp_path, backend, without_sockets):
    run = program("predict", MODEL, pictures[0], "--backend", backend, before=without_sockets, cwd=tmp_path)
    assert run.code == 0, run.stderr
    assert program("explain", MODEL, before=without_sockets, cwd=tmp_path).code == 0
    run = program("explain", "codes-n-64", before=without_sockets, cwd=tmp_path, env=OFFLINE)
    assert run.error_kind == "model_not_found"


def test_onnx_runtime_keeps_nothing_to_tell(program, pictures, tmp_path):
    """Releases that send events to their maker note them in the home directory first."""
    home = tmp_path / "home"
    home.mkdir()
    run = program("predict", MODEL, pictures[0], "--backend", "onnx", env={"HOME": home, "TMPDIR": home})
    assert run.code == 0, run.stderr
    assert not list(home.rglob("*"))


def candidates(program, tmp_path, *options):
    run = program("explain", MODEL, "--device", "cpu", *options, "--json", cwd=tmp_path)
    assert run.code == 0, run.stderr
    return {(one["package_id"], one["engine"]): one for one in run.json["candidates"]}


def chosen(candidates):
    (key,) = [key for key, one in candidates.items() if one["status"] == "chosen"]
    return key


def test_int8_is_taken_only_when_asked_for(program, pictures, tmp_path):
    unasked = candidates(program, tmp_path)
    assert chosen(unasked) == ("onnx-fp32", "openvino")
    assert unasked["onnx-fp32", "onnxruntime"]["status"] == "usable"
    int8 = unasked["onnx-int8", "onnxruntime"]
    assert (int8["status"], int8["quantization"]) == ("rejected", "int8")
    assert int8["reason"] == "int8 is used only when asked for"
    assert "quantization=int8" in int8["remedy"]
    for asked in (["--quantization", "int8"], ["--model-package-id", "onnx-int8"]):
        assert chosen(candidates(program, tmp_path, *asked)) == ("onnx-int8", "openvino")
        run = program("predict", MODEL, pictures[0], *asked, "--json", cwd=tmp_path)
        assert run.code == 0, run.stderr
        assert run.json[0]["model"]["precision"] == "int8"


def test_a_misspelled_id_is_recognised(program, tmp_path):
    run = program("explain", "code-n-640", cwd=tmp_path, env=OFFLINE)
    assert (run.code, run.error_kind) == (1, "model_not_found")
    assert "there is nothing at code-n-640" in run.stderr
    assert f"Did you mean {MODEL}?" in run.hint
    assert f"by id: {MODEL}." in run.hint


@pytest.mark.parametrize("path", ["../models/{}", "./{}", "{}/", "{}/../{}", "{}/onnx-fp32", "x/../{}", "models/{}"])
def test_an_id_is_no_path_into_the_installation(program, tmp_path, path):
    run = program("explain", path.format(MODEL, MODEL), cwd=tmp_path, env=OFFLINE)
    assert (run.code, run.error_kind) == (1, "model_not_found")


def test_what_lies_at_the_path_comes_first(program, tmp_path):
    write_package(tmp_path / MODEL)
    (tmp_path / "image.png").write_bytes(png(32, 32))
    run = program("predict", MODEL, "image.png", "--json", cwd=tmp_path)
    assert run.code == 0, run.stderr
    assert [one["class"] for one in run.json[0]["predictions"]] == ["thing"]
