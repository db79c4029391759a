"""Whether every way in which a model runs here finds the same: what is compared, by which gate, and how it ends."""

import json
import shutil

import numpy as np
import onnx
import onnx.numpy_helper
import pytest
from support.tiny_models import png, tiny_detector, write_package

DISAGREEMENT = 5


def boxes(*rows):
    """The tiny detector's output: a column for each (center x, center y, width, height, confidence)."""
    return np.asarray(rows, np.float32).T


@pytest.fixture
def model(tmp_path):
    """Two packages that find the same; a is the reference, since it comes first."""
    write_package(tmp_path / "model/a")
    write_package(tmp_path / "model/b")
    return tmp_path / "model"


def set_output(package, values):
    tiny_detector(package / "weights.onnx", values)


def set_quantization(package, quantization):
    config = package / "model_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"quantization": quantization}))


def verify(program, *arguments, backend="onnx", code):
    run = program("verify", *arguments, "--json", *(["--backend", backend] if backend else []))
    assert run.code == code, run.stdout + run.stderr
    return run.json


def only(report, package="b"):
    (candidate,) = [one for one in report["candidates"] if one["package_id"] == package]
    return candidate


# --- What agrees -------------------------------------------------------------------------------------------------


def test_packages_that_are_the_same_agree(program, model, image):
    report = verify(program, model, image, code=0)
    assert report["verdict"] == "passes"
    assert (report["reference"]["package_id"], report["reference"]["engine"]) == ("a", "onnxruntime")
    assert report["reference"]["objects"] == report["images"] == 1
    candidate = only(report)
    assert candidate["verdict"] == "passes"
    assert candidate["reason"] == ""
    assert candidate["agreement"] == {
        "reference_objects": 1,
        "matched_objects": 1,
        "missing_objects": 0,
        "extra_objects": 0,
        "borderline_objects": 0,
        "compared_pairs": 1,
        "largest_shift": 0,
        "mean_shift": 0,
        "smallest_iou": 1,
        "largest_confidence_difference": 0,
    }


def test_the_table_ends_with_the_verdict(program, model, image):
    run = program("verify", model, image, "--backend", "onnx")
    assert run.code == 0, run.stderr
    assert run.stdout.splitlines()[-1] == "PASS: 1 of 1 candidates agree with the reference on 1 image."
    set_output(model / "b", boxes((16, 16, 8, 12, 0.9)))
    run = program("verify", model, image, "--backend", "onnx")
    assert run.code == DISAGREEMENT
    assert "boxes differ by up to 2 px, 0.1 may be" in run.stdout
    assert run.stdout.splitlines()[-1] == "FAIL: 1 of 1 candidates fall short on 1 image."


def test_directories_of_images_are_read(program, model, tmp_path):
    (tmp_path / "pictures").mkdir()
    for name in ("one.png", "two.png"):
        (tmp_path / "pictures" / name).write_bytes(png(32, 32))
    assert verify(program, model, tmp_path / "pictures", code=0)["images"] == 2


# --- What falls short --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (boxes((16.2, 16, 8, 8, 0.9)), "boxes differ by up to 0.2 px"),
        (boxes((16, 16, 8, 8, 0.8998)), "confidences differ by up to 0.0002"),
        (boxes((16, 16, 8, 8, 0.3)), "1 of the reference's 1 objects are not found"),
        (boxes((16, 16, 8, 8, 0.9), (28, 28, 4, 4, 0.6)), "1 objects are found that the reference does not find"),
    ],
)
def test_what_differs_falls_short(program, model, image, values, said):
    set_output(model / "b", values)
    report = verify(program, model, image, code=DISAGREEMENT)
    assert report["verdict"] == only(report)["verdict"] == "falls-short"
    assert said in only(report)["reason"]
    assert only(report)["worst_image"] == str(image)


@pytest.mark.parametrize(("confidence", "code"), [(0.40005, 0), (0.4002, DISAGREEMENT)])
def test_objects_at_the_threshold_come_and_go(program, model, image, confidence, code):
    set_output(model / "b", boxes((16, 16, 8, 8, 0.9), (28, 28, 4, 4, confidence)))
    agreement = only(verify(program, model, image, code=code))["agreement"]
    assert (agreement["borderline_objects"], agreement["extra_objects"]) == ((1, 0) if code == 0 else (0, 1))


def test_what_cannot_be_loaded_falls_short_with_its_error(program, model, image):
    write_package(model / "c")
    (model / "b/class_names.txt").write_text("one\ntwo\n")
    report = verify(program, model, image, code=DISAGREEMENT)
    assert only(report)["verdict"] == "falls-short"
    assert only(report)["agreement"] is None
    assert "class_names.txt" in only(report)["reason"]
    assert only(report)["remedy"]
    assert only(report, "c")["verdict"] == "passes"


def test_what_cannot_be_run_falls_short_with_its_error(program, model, image):
    set_output(model / "b", boxes((16, 16, 8, 8, np.nan)))
    candidate = only(verify(program, model, image, code=DISAGREEMENT))
    assert candidate["agreement"] is None
    assert "output0" in candidate["reason"]


def test_changed_weights_of_a_real_model_fall_short(program, test_data, tmp_path):
    real = test_data / "models/yolov8n-640/onnx-fp32"
    for name in ("onnx-changed", "onnx-fp32"):
        shutil.copytree(real, tmp_path / "model" / name)
    weights = tmp_path / "model/onnx-changed/weights.onnx"
    network = onnx.load(weights)
    kernel = next(one for one in network.graph.initializer if len(one.dims) == 4)
    kernel.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(kernel) * np.float32(1.02), kernel.name))
    onnx.save(network, weights)
    report = verify(program, tmp_path / "model", test_data / "images/bus.jpg", code=DISAGREEMENT)
    # Which of the two is wrong nobody can tell; that they differ is what counts.
    (candidate,) = report["candidates"]
    assert candidate["verdict"] == "falls-short"
    assert candidate["agreement"]["largest_shift"] > 0.1
    assert candidate["agreement"]["compared_pairs"] >= 3


def test_the_worst_image_is_named(program, model, tmp_path):
    """The tiny detector's boxes lie in the network's pixels, so that a larger image moves them further."""
    set_output(model / "b", boxes((16, 16, 8, 8.1, 0.9)))
    for side in (32, 96, 64):
        (tmp_path / f"{side}.png").write_bytes(png(side, side))
    images = [tmp_path / f"{side}.png" for side in (32, 96, 64)]
    candidate = only(verify(program, model, *images, code=DISAGREEMENT))
    assert candidate["worst_image"] == str(images[1])
    assert candidate["agreement"]["largest_shift"] == pytest.approx(0.15, abs=1e-4)
    assert candidate["agreement"]["mean_shift"] == pytest.approx((0.05 + 0.15 + 0.1) / 3, abs=1e-4)


# --- int8 --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "besides", "code"), [(20, 0, 0), (18, 2, 0), (17, 0, DISAGREEMENT), (20, 3, DISAGREEMENT)]
)
def test_int8_is_judged_by_the_share_of_objects(program, model, image, found, besides, code):
    rows = [(2 + 5 * (i % 6), 2 + 5 * (i // 6), 4, 4, 0.9) for i in range(23)]
    set_output(model / "a", boxes(*rows[:20]))
    moved = [(x, y + 1, width, height, 0.7) for x, y, width, height, _ in rows[:found] + rows[20 : 20 + besides]]
    set_output(model / "b", boxes(*moved))
    set_quantization(model / "b", "int8")
    candidate = only(verify(program, model, image, code=code))
    assert (candidate["precision"], candidate["gate"]["precision"]) == ("int8", "int8")
    assert candidate["agreement"]["reference_objects"] == 20
    assert candidate["agreement"]["matched_objects"] == found
    assert candidate["agreement"]["extra_objects"] == besides
    assert candidate["agreement"]["largest_shift"] == pytest.approx(1)


def test_the_bundled_int8_package_passes_its_gate_and_would_not_pass_that_of_fp32(program, pictures):
    candidate = only(verify(program, "codes-n-640", *pictures, code=0), "onnx-int8")
    assert candidate["gate"]["precision"] == "int8"
    assert candidate["agreement"]["matched_objects"] == candidate["agreement"]["reference_objects"] >= 2
    assert candidate["agreement"]["largest_shift"] > 0.1


def test_half_precision_weights_have_their_gate(program, model, image):
    # What the package states decides: its weights were rounded, in whatever they are computed.
    set_output(model / "b", boxes((16, 16, 8, 8.2, 0.885)))
    set_quantization(model / "b", "fp16")
    candidate = only(verify(program, model, image, code=0))
    assert candidate["gate"]["precision"] == "fp16"
    assert candidate["agreement"]["largest_shift"] == pytest.approx(0.1, abs=1e-5)
    set_output(model / "b", boxes((16, 16, 8, 8, 0.87)))
    assert "0.02 may be" in only(verify(program, model, image, code=DISAGREEMENT))["reason"]


# --- What proves nothing -----------------------------------------------------------------------------------------


def test_images_without_objects_prove_nothing(program, model, image):
    run = program("verify", model, image, "--backend", "onnx", "--confidence", "0.95")
    assert run.code == 2
    assert run.stdout.splitlines()[-1].startswith("This proves nothing: the reference finds too little")
    assert run.error_kind == "invalid_argument"
    assert "Give an image that shows objects" in run.hint


def test_an_object_in_the_margin_of_a_gate_alone_proves_nothing(program, model, image):
    set_quantization(model / "b", "int8")
    run = program("verify", model, image, "--backend", "onnx", "--confidence", "0.88", "--json")
    assert run.code == 2
    assert run.json["reference"]["objects"] == 1
    assert run.json["verdict"] == only(run.json)["verdict"] == "proves-nothing"


def test_the_reference_alone_proves_nothing(program, package, image):
    run = program("verify", package, image, "--backend", "onnx")
    assert run.code == 4
    assert run.stdout.splitlines()[-1] == "This proves nothing: nothing but the reference runs here."
    assert run.error_kind == "no_usable_backend"


# --- The reference -----------------------------------------------------------------------------------------------


def test_a_reference_that_cannot_be_loaded_is_replaced_and_falls_short(program, model, image):
    write_package(model / "c")
    (model / "a/class_names.txt").write_text("one\ntwo\n")
    report = verify(program, model, image, code=DISAGREEMENT)
    assert report["reference"]["package_id"] == "b"
    assert any("a in ONNX Runtime on cpu cannot be the reference" in note for note in report["notes"])
    assert only(report, "a")["verdict"] == "falls-short"
    assert only(report, "c")["verdict"] == "passes"


def test_a_model_without_an_onnx_package_has_another_reference_and_says_so(program, test_data):
    package = test_data / "models/yolov8n-640/torch-script-fp32"
    run = program("verify", package, test_data / "images/bus.jpg", "--json")
    assert run.json["reference"]["engine"] == "torch"
    assert run.json["reference"]["objects"] == 4
    assert any("no fp32 ONNX package of this model runs" in note for note in run.json["notes"])


def test_what_is_asked_for_narrows_what_is_compared_not_the_reference(program, model, image):
    set_quantization(model / "b", "int8")
    write_package(model / "c")
    report = verify(program, model, image, "--model-package-id", "b", code=0)
    assert report["reference"]["package_id"] == "a"
    assert [one["package_id"] for one in report["candidates"]] == ["b"]
    report = verify(program, model, image, "--precision", "fp32", code=0)
    assert [one["package_id"] for one in report["candidates"]] == ["c"]


def test_a_model_that_cannot_be_run_is_the_error_of_loading_it(program, test_data, package, image):
    other_task = program("verify", test_data / "models/yolov8n-seg-320/yolov8n-seg.onnx", image)
    assert (other_task.code, other_task.error_kind) == (1, "unsupported_model")
    nothing = program("verify", package, image, env={"VIRTUAL_ENV": "", "CONDA_PREFIX": ""})
    assert (nothing.code, nothing.error_kind) == (4, "no_usable_backend")


# --- What does not run -------------------------------------------------------------------------------------------


def test_candidates_that_do_not_run_are_listed_with_their_reason(program, test_data):
    report = verify(
        program,
        test_data / "models/yolov8n-640",
        test_data / "images/bus.jpg",
        "--precision",
        "fp32",
        backend=None,
        code=0,
    )
    (checkpoint,) = [one for one in report["not_run"] if one["package_id"] == "yolov8n.pt"]
    assert checkpoint["engine"] is None
    assert checkpoint["precisions"] == ["fp32"]
    assert checkpoint["remedy"]


def test_a_reason_is_told_once_with_the_precisions_it_holds_for(program, model, image):
    set_quantization(model / "b", "int8")
    report = verify(program, model, image, code=0)
    untold = [(one["package_id"], one["engine"], one["reason"]) for one in report["not_run"]]
    assert len(untold) == len(set(untold))
    onnxruntime = [one for one in report["not_run"] if one["engine"] == "onnxruntime"]
    # That a package in int8 runs in nothing else, and others not in int8, need not be said.
    assert sorted((one["package_id"], one["precisions"]) for one in onnxruntime) == [("a", ["bf16"]), ("a", ["fp16"])]
    assert all("was asked for" in one["reason"] for one in onnxruntime)


# --- Bad input ---------------------------------------------------------------------------------------------------


def test_an_unreadable_image_ends_it_before_anything_is_loaded(program, model, image, tmp_path):
    run = program("verify", model, image, tmp_path / "missing.png")
    assert (run.code, run.error_kind, run.stdout) == (3, "unreadable_image", "")
    run = program("verify", tmp_path / "nothing", tmp_path / "missing.png")
    assert run.error_kind == "unreadable_image"


def test_options_are_checked(program, model, image):
    run = program("verify", model, image, "--confidence", "1.5")
    assert run.code == 2
    assert "confidence" in run.stderr
    assert program("verify", model).code == 2


# --- Real models -------------------------------------------------------------------------------------------------


def iou(a, b):
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    common = max(width, 0) * max(height, 0)
    return common / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common)


def agreement_of(reference, candidate):
    """Of images as `predict` tells them: largest and mean shift, smallest IoU, largest difference of confidence.

    What it writes are 32-bit floats in as few digits as tell one from the next.
    """

    def box(one):
        return np.asarray(one["xyxy"], np.float32).astype(np.float64)

    shifts, ious, differences = [], [], []
    for ours, theirs in zip(reference, candidate, strict=True):
        left = list(theirs["predictions"])
        for one in ours["predictions"]:
            same_class = [other for other in left if other["class"] == one["class"]]
            nearest = max(same_class, key=lambda other: iou(box(one), box(other)))
            left.remove(nearest)
            shifts.append(np.abs(box(one) - box(nearest)).max())
            ious.append(iou(box(one), box(nearest)))
            differences.append(abs(float(np.float32(one["confidence"])) - float(np.float32(nearest["confidence"]))))
        assert not left
    return max(shifts), np.mean(shifts), min(ious), max(differences)


def test_all_fp32_candidates_of_a_real_model_agree(program, test_data):
    model, pictures = test_data / "models/yolov8n-640", test_data / "images"
    report = verify(program, model, pictures, "--precision", "fp32", backend=None, code=0)
    assert report["reference"]["package_id"] == "onnx-fp32"
    assert report["reference"]["objects"] > 10
    found = only(report, "torch-script-fp32")
    assert all(one["verdict"] == "passes" for one in report["candidates"])
    by_engine = {
        backend: program("predict", model, pictures, "--backend", backend, "--json").json
        for backend in ("onnx", "torch")
    }
    assert sum(len(one["predictions"]) for one in by_engine["onnx"]) == report["reference"]["objects"]
    shift, mean, least_iou, difference = agreement_of(by_engine["onnx"], by_engine["torch"])
    assert shift > 0
    assert found["agreement"]["largest_shift"] == pytest.approx(shift, abs=1e-12)
    assert found["agreement"]["mean_shift"] == pytest.approx(mean, abs=1e-12)
    assert found["agreement"]["smallest_iou"] == pytest.approx(least_iou, abs=1e-12)
    assert found["agreement"]["largest_confidence_difference"] == pytest.approx(difference, abs=1e-12)
