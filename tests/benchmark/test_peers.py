"""How other products are measured: with stand-ins of them what is listed, asked and answered, and how that fails; with
the real ones, where INFERENCE_MODELS_PEERS names the Python of their environment, that they find what they should."""

import json
import os
import shutil
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.peers import Peers

ULTRALYTICS = ["ultralytics-pt", "ultralytics-onnx", "ultralytics-openvino"]


def by_id(listed):
    return {one["id"]: one for one in listed["peers"]}


def missing(listed, product):
    return {one["settings"]: one for one in listed["missing"] if one["product"].startswith(product)}


# --- What is listed --------------------------------------------------------------------------------------------------


def test_all_forms_are_listed_at_their_defaults_and_with_our_settings(peers):
    listed = peers.list()
    found = by_id(listed)
    assert listed["missing"] == []
    for form in ULTRALYTICS:
        assert found[form]["product"] == "Ultralytics 8.0.1"
        assert found[form]["settings"].endswith("at its defaults")
        assert [found[form]["same_settings"], found[f"{form}-same"]["same_settings"]] == [False, True]
    assert found["roboflow-onnx"]["product"] == "Roboflow inference-models 0.2.3"
    assert found["roboflow-onnx"]["runtime"].startswith("ONNX Runtime 1.")
    assert found["roboflow-torch-script"]["runtime"].startswith("PyTorch 2.")
    assert found["ultralytics-openvino"]["runtime"].startswith("OpenVINO 20")


def test_our_threads_are_asked_for_where_the_defaults_are_others(peers):
    peers.threads = len(os.sched_getaffinity(0)) + 1
    found = by_id(peers.list())
    for form in ("roboflow-onnx", "roboflow-torch-script"):
        assert [found[form]["same_settings"], found[f"{form}-same"]["same_settings"]] == [False, True]


def test_defaults_that_are_ours_are_not_measured_twice(peers):
    peers.environment |= {"OMP_NUM_THREADS": "1"}
    peers.threads = 1
    found = by_id(peers.list())
    assert found["roboflow-torch-script"]["same_settings"]
    assert "roboflow-torch-script-same" not in found


def test_the_openvino_export_is_made_once(peers):
    peers.list()
    (exported,) = peers.scratch.glob("exports/*/*_openvino_model")
    assert (exported / "network.onnx").read_bytes() == (peers.model / "tiny.pt").read_bytes()
    assert (exported / "imgsz").read_text() == "[32, 32]"
    (exported / "imgsz").write_text("kept")
    assert peers.list()["missing"] == []
    assert (exported / "imgsz").read_text() == "kept"


def test_nothing_is_written_beside_the_model(peers):
    before = sorted(peers.model.rglob("*"))
    peers.list()
    assert sorted(peers.model.rglob("*")) == before


def test_a_model_without_a_checkpoint(peers):
    (peers.model / "tiny.pt").unlink()
    listed = peers.list()
    assert "ultralytics-onnx" in by_id(listed)
    for form in (".pt", "OpenVINO export"):
        assert str(peers.model) in missing(listed, "Ultralytics")[form]["reason"]
        assert missing(listed, "Ultralytics")[form]["remedy"]


def test_an_onnx_file_that_ultralytics_did_not_export(peers, tiny_model):
    onnx_file = tiny_model / "onnx-fp32/weights.onnx"
    onnx_file.write_bytes(onnx_file.read_bytes().replace(b"detect", b"direct"))
    listed = peers.list()
    assert "ultralytics-onnx" not in by_id(listed)
    assert str(onnx_file) in missing(listed, "Ultralytics")[".onnx"]["reason"]
    assert "roboflow-onnx" in by_id(listed)


def test_a_package_of_lower_precision_is_no_peer_of_fp32(peers, tiny_model):
    config = tiny_model / "onnx-fp32/model_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"quantization": "int8"}))
    found = by_id(peers.list())
    assert not {"roboflow-onnx", "ultralytics-onnx"} & set(found)
    assert "roboflow-torch-script" in found


def test_a_single_onnx_file(peers, tiny_model):
    peers.model = tiny_model / "onnx-fp32/weights.onnx"
    assert set(by_id(peers.list())) == {"ultralytics-onnx", "ultralytics-onnx-same"}


def test_a_product_that_is_not_installed(peers, tmp_path):
    shutil.rmtree(tmp_path / "site/ultralytics-8.0.1.dist-info")
    listed = peers.list()
    (entry,) = missing(listed, "Ultralytics").values()
    assert str(peers.python) in entry["reason"]
    assert "pip install ultralytics" in entry["remedy"]
    assert "roboflow-onnx" in by_id(listed)


# --- One of them -----------------------------------------------------------------------------------------------------


def test_an_answer_has_all_that_a_job_asks_for(peers, image):
    began = time.monotonic_ns()
    answer = peers.run("ultralytics-pt", [image])
    assert began < answer["loading_ns"] < answer["loaded_ns"] < answer["predicted_ns"] < time.monotonic_ns()
    assert answer["warm_up"] >= 10
    calls = len(answer["end_to_end_ms"])
    assert calls >= 10
    assert answer["pre_process_ms"] == [1.0] * calls
    assert answer["forward_ms"] == [2.0] * calls
    assert answer["post_process_ms"] == [0.5] * calls
    # Calls follow one another, so that their times make up nearly all of the loop's.
    assert 0 < answer["images_per_second"] <= calls / (sum(answer["end_to_end_ms"]) / 1000)
    assert 10 < answer["peak_memory_mib"] < 10000
    assert answer["found"] == [{"xyxy": [[1, 2, 3, 7]], "class_id": [5], "confidence": [0.75]}]
    assert answer["product"] == "Ultralytics 8.0.1"
    assert answer["settings"] == ".pt, at its defaults"
    assert answer["runtime"].startswith("PyTorch 2.")
    assert (answer["precision"], answer["shape"], answer["threads"]) == ("fp32", "640x480", 1)
    assert not answer["same_settings"]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("form", [*ULTRALYTICS, "roboflow-onnx", "roboflow-torch-script"])
def test_our_settings_reach_the_runtime(peers, image, form, threads):
    peers.threads = threads
    peers.list()  # makes the export
    answer = peers.run(f"{form}-same", [image])
    assert (answer["precision"], answer["shape"]) == ("fp32", "32x32")
    if form != "ultralytics-openvino":  # which takes no more threads than there are
        assert answer["threads"] == threads
        assert answer["same_settings"]


def test_options_of_detection_and_the_offline_settings_are_passed_on(peers, image):
    peers.run("ultralytics-pt", [image])
    assert "predicting 0.4 0.3 300 False" in peers.said
    for setting in ("OFFLINE_MODE true", "YOLO_AUTOINSTALL false", "YOLO_OFFLINE true"):
        assert setting in peers.said
    answer = peers.run("roboflow-onnx", [image])
    assert answer["found"][0]["confidence"] == [pytest.approx(0.4)]


def test_images_are_the_caller_s_one_behind_the_other(peers):
    images = [np.full(shape, value, np.uint8) for shape, value in (((4, 6, 3), 20), ((9, 2, 3), 30), ((5, 5, 3), 40))]
    answer = peers.run("ultralytics-pt", images)
    assert [one["xyxy"][0][3] for one in answer["found"]] == [20, 30, 40]


def test_a_peer_that_does_not_tell_its_stages(peers, image):
    answer = peers.run("roboflow-torch-script", [image])
    assert answer["pre_process_ms"] == answer["forward_ms"] == answer["post_process_ms"] == []
    assert len(answer["end_to_end_ms"]) >= 10


def test_only_the_first_prediction(peers, image):
    answer = peers.run("ultralytics-pt", [image], measured_ms=0, finds_objects=False)
    assert (answer["warm_up"], answer["end_to_end_ms"], answer["images_per_second"]) == (0, [], 0)
    assert answer["found"] == []
    assert answer["predicted_ns"] > answer["loaded_ns"]


# --- How it fails ----------------------------------------------------------------------------------------------------


def test_an_error_of_the_product_is_an_answer(peers, image):
    (peers.model / "tiny.pt").write_bytes(b"broken")
    error = peers.run("ultralytics-pt", [image])["error"]
    assert error["kind"] == "engine_failure"
    assert error["message"] == "RuntimeError: the weights are broken"
    assert "Traceback" in peers.said


def test_an_export_that_fails_is_no_peer(peers, tmp_path):
    (tmp_path / "site/ultralytics/__init__.py").write_text("raise ImportError('no torch here')")
    listed = peers.list()
    assert "ImportError: no torch here" in missing(listed, "Ultralytics")["OpenVINO export"]["reason"]
    assert "roboflow-onnx" in by_id(listed)


@pytest.mark.parametrize("peer", ["nobody", "ultralytics-pt"])
def test_a_peer_that_there_is_not(peers, image, peer):
    (peers.model / "tiny.pt").unlink()
    error = peers.run(peer, [image])["error"]
    assert error["kind"] == "invalid_argument"
    assert peer in error["message"]


# --- The real ones ---------------------------------------------------------------------------------------------------


EXPECTED = {
    "ultralytics": ("yolov8n_ultralytics.json", 0.25, 0.45),
    "roboflow": ("yolov8n_inference_models.json", 0.4, 0.3),
}


@pytest.fixture(scope="module")
def real(tmp_path_factory, test_data):
    python = os.environ.get("INFERENCE_MODELS_PEERS")
    if not python:
        pytest.skip("no environment of other products: make peers, and name its Python by INFERENCE_MODELS_PEERS")
    scratch = tmp_path_factory.mktemp("scratch")
    peers = Peers(Path(python), test_data / "models/yolov8n-640", scratch, network_input=(640, 640))
    assert peers.list()["missing"] == []
    return peers


def found_by_class(found):
    rows = zip(found["class_id"], found["confidence"], found["xyxy"], strict=True)
    return np.array(sorted([one_class, -confidence, *box] for one_class, confidence, box in rows))


def expected_by_class(objects):
    return np.array(sorted([one["class_id"], -one["confidence"], *one["xyxy"]] for one in objects))


@pytest.mark.slow
@pytest.mark.parametrize(
    "peer",
    [
        "ultralytics-pt-same",
        "ultralytics-onnx",
        "ultralytics-onnx-same",
        "ultralytics-openvino-same",
        "roboflow-onnx",
        "roboflow-onnx-same",
        "roboflow-torch-script",
        "roboflow-torch-script-same",
    ],
)
def test_what_real_peers_find_is_what_is_expected(real, test_data, peer):
    name, confidence, iou_threshold = EXPECTED[peer.partition("-")[0]]
    expected = json.loads((test_data / "expected" / name).read_text())["images"]
    expected = {image: objects for image, objects in expected.items() if (test_data / "images" / image).is_file()}
    detection = {
        "confidence": confidence,
        "iou_threshold": iou_threshold,
        "max_detections": 300,
        "class_agnostic_nms": False,
    }
    images = [cv2.imread(str(test_data / "images" / image)) for image in expected]
    answer = real.run(peer, images, detection=detection)
    assert "error" not in answer, answer
    assert (answer["precision"], answer["shape"]) == ("fp32", "640x640")
    assert answer["same_settings"] or not peer.endswith("-same")
    for found, objects in zip(answer["found"], expected.values(), strict=True):
        ours, theirs = found_by_class(found), expected_by_class(objects)
        np.testing.assert_allclose(ours[:, :2], theirs[:, :2], atol=1e-3)
        np.testing.assert_allclose(ours[:, 2:], theirs[:, 2:], atol=1 if peer.startswith("roboflow") else 0.05)


@pytest.mark.slow
@pytest.mark.parametrize("peer", ["ultralytics-pt", "ultralytics-openvino"])
def test_real_peers_at_their_defaults_find_the_clear_objects(real, test_data, peer):
    """In another shape or precision boxes and confidences differ."""
    answer = real.run(peer, [cv2.imread(str(test_data / "images/bus.jpg"))])
    assert sorted(answer["found"][0]["class_id"]) == [0, 0, 0, 5]
    if peer == "ultralytics-pt":
        assert (answer["shape"], answer["same_settings"]) == ("640x480", False)
