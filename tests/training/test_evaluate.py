"""The program that measures a codes detector, on a few pictures and a detector whose answer is known."""

import json

import evaluate
import pytest
from metrics import Target
from PIL import Image
from support.tiny_models import SIDE, write_package

FOUND = [12, 12, 20, 20]  # what the detector finds in every picture


@pytest.fixture
def package(tmp_path):
    package = write_package(tmp_path / "models" / "onnx-tiny")
    (package / "class_names.txt").write_text("qr-code\n")
    return package


@pytest.fixture
def data(tmp_path):
    """A code that is found, one that is elsewhere, a picture without any, and one that nobody labelled."""
    records = []
    for name, boxes in {"found": [FOUND], "elsewhere": [[0, 0, 6, 6]], "nothing": [], "unlabelled": []}.items():
        codes = [{"label": "qr-code", "format": "QR Code", "xyxy": xyxy, "kind": "box"} for xyxy in boxes]
        negative = name == "nothing"
        records.append({"file": f"images/{name}.png", "boxes": codes, "negative": negative, "set": "real"})
    directory = tmp_path / "data"
    (directory / "images").mkdir(parents=True)
    (directory / "labels.json").write_text(json.dumps(records))
    for record in records:
        Image.new("RGB", (SIDE, SIDE), "gray").save(directory / record["file"])
    return directory


def test_what_is_printed_and_written(package, data, tmp_path, capsys):
    file = tmp_path / "result.json"
    assert evaluate.main(["--data", str(data), "--model", str(package), "--backend", "onnx", "--json", str(file)]) == 0

    printed = capsys.readouterr().out
    assert "onnx-tiny in onnxruntime" in printed
    assert ["real", "qr-code", "2", "1", "0.500", "3", "1", "0.333"] in [line.split() for line in printed.splitlines()]

    result = json.loads(file.read_text())
    assert result["pictures"] == 4
    (measured,) = result["results"]
    assert (measured["package_id"], measured["engine"], measured["precision"]) == ("onnx-tiny", "onnxruntime", "fp32")
    assert measured["runtime_version"]
    summary = measured["summary"]
    assert summary["sets"]["real"]["scores"]["qr-code"]["recall"] == 0.5
    assert summary["total"]["false_positives_per_negative"] == 1
    assert summary["sets"]["real"]["extra_boxes"] == pytest.approx(1 / 3)
    assert [target["reached"] for target in measured["targets"]] == [False] * 5


def test_gate(package, data, monkeypatch):
    command = ["--data", str(data), "--model", str(package), "--backend", "onnx", "--gate"]
    assert evaluate.main(command) == 1
    monkeypatch.setattr(evaluate, "targets", lambda summary: [Target("easy", value=1.0, limit=0.5, at_least=True)])
    assert evaluate.main(command) == 0


def test_every_package_is_measured(package, data, tmp_path):
    write_package(package.parent / "onnx-other")
    file = tmp_path / "result.json"
    assert (
        evaluate.main(["--data", str(data), "--model", str(package.parent), "--backend", "onnx", "--json", str(file)])
        == 0
    )
    measured = json.loads(file.read_text())["results"]
    assert sorted(result["package_id"] for result in measured) == ["onnx-other", "onnx-tiny"]


def test_int8_is_measured_unasked(package):
    config = package / "model_config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "quantization": "int8"}))
    assert [way.package_id for way in evaluate.ways_to_run(str(package), ["onnx"], None)] == ["onnx-tiny"]
    assert evaluate.ways_to_run(str(package), ["onnx"], ["fp32"]) == []


def test_backend_that_cannot_run_the_model(package, data, capsys):
    assert evaluate.main(["--data", str(data), "--model", str(package), "--backend", "torch"]) == 1
    assert "Nothing can run" in capsys.readouterr().err


def test_failures_are_drawn(package, data, tmp_path):
    directory = tmp_path / "failures"
    evaluate.main(["--data", str(data), "--model", str(package), "--backend", "onnx", "--failures", str(directory)])
    (of_package,) = directory.iterdir()
    names = sorted(path.name for path in of_package.iterdir())
    assert names == ["real-false-0002-nothing.png", "real-missed+false-0001-elsewhere.png", "sheet-real.png"]
    with Image.open(of_package / "real-missed+false-0001-elsewhere.png") as picture:
        colors = {color for _, color in picture.getcolors(1 << 20)}
    assert {evaluate.TRUTH, evaluate.PREDICTED} <= colors
    with Image.open(of_package / "sheet-real.png") as sheet, Image.open(of_package / names[0]) as picture:
        assert sheet.width == 2 * (evaluate.THUMBNAIL_SIDE + 2 * evaluate.MARGIN)


def test_directory_without_labels_is_wrong_usage(tmp_path):
    with pytest.raises(SystemExit) as stopped:
        evaluate.main(["--data", str(tmp_path)])
    assert stopped.value.code == 2
