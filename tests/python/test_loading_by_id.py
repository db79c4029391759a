"""Models by id in Python: providers, the parameters of `from_pretrained`, what is in the cache, and Ctrl-C."""

import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from support.processes import listen_to_ctrl_c
from support.tiny_models import SIDE, write_package
from support.weights_api import LISTING, Package, WeightsApi, package_files

import inference_models
from inference_models import (
    AutoModel,
    BaseInferenceModelsError,
    FileHashSumMissmatch,
    InsecureModelIdentifierError,
    InvalidEnvVariable,
    InvalidParameterError,
    ModelNotFoundError,
    ModelRetrievalError,
    NoModelPackagesAvailableError,
    RetryError,
    UnauthorizedModelAccessError,
)
from inference_models.developer_tools import (
    FileDownloadSpecs,
    ModelMetadata,
    ModelPackageMetadata,
    ONNXPackageDetails,
    get_model_from_provider,
    register_model_provider,
)

MODEL = "tiny-detector-32"
IMAGE = np.zeros((SIDE, SIDE, 3), np.uint8)


@pytest.fixture
def files(tmp_path):
    return package_files(write_package(tmp_path / "package"))


@pytest.fixture
def api(files, tmp_path, monkeypatch):
    for name in list(os.environ):
        if name.startswith(("ROBOFLOW", "INFERENCE_HOME", "MODEL_CACHE", "OFFLINE", "SECURE", "LICENSE")):
            monkeypatch.delenv(name)
    with WeightsApi(MODEL, [Package("onnxfp32", files)]).running() as server:
        monkeypatch.setenv("ROBOFLOW_API_HOST", server.url)
        monkeypatch.setenv("INFERENCE_HOME", str(tmp_path / "cache"))
        monkeypatch.setenv("DISABLE_INTERACTIVE_PROGRESS_BARS", "True")
        yield server


def test_a_model_by_id(api):
    model = AutoModel.from_pretrained(MODEL)
    assert len(model(IMAGE)[0]) == 1
    assert (model.description.model_id, model.description.weights_provider) == (MODEL, "roboflow")
    assert model.description.package_id == "onnxfp32"
    asked = len(api.requests)
    assert len(AutoModel.from_pretrained(MODEL)(IMAGE)[0]) == 1
    assert len(api.requests) == asked


def test_describing(api, capsys):
    described = AutoModel.describe_model(MODEL)
    shown = capsys.readouterr().out
    assert shown == str(described)
    assert MODEL in shown
    assert [package.id for package in described.packages] == ["onnxfp32"]
    assert described.to_dict()["packages"][0]["format"] == "onnx"
    package = AutoModel.describe_model_package(MODEL, "onnxfp32")
    assert {file.handle for file in package.files} == set(api.packages[0].files)
    assert "weights.onnx" in capsys.readouterr().out
    with pytest.raises(InvalidParameterError, match="onnxfp32"):
        AutoModel.describe_model_package(MODEL, "another")
    assert sum(file.size_bytes for file in package.files) == sum(map(len, api.packages[0].files.values()))
    assert not any(file.size_bytes for file in described.packages[0].files)
    assert len(api.paths("/files/")) == len(package.files)  # a byte of each
    local = AutoModel.describe_model("codes-n-640")
    assert local.weights_provider == "bundled"
    assert all(file.size_bytes for package in local.packages for file in package.files)


def test_what_is_in_the_cache(api, tmp_path):
    assert AutoModel.list_offline_models() == []
    assert AutoModel.verify_offline_model(MODEL) == []
    AutoModel.from_pretrained(MODEL)
    (listed,) = AutoModel.list_offline_models()
    assert (listed.model_id, listed.weights_provider, listed.architecture) == (MODEL, "roboflow", "yolov8")
    (package,) = listed.packages
    assert (package.package_id, package.format, package.state) == ("onnxfp32", "onnx", "whole")
    assert tmp_path / "cache" in package.path.parents
    assert len(AutoModel.from_pretrained(package.path)(IMAGE)[0]) == 1  # a directory like any other
    weights = package.path / "weights.onnx"
    time_before = weights.stat()
    weights.chmod(0o644)
    data = bytearray(weights.read_bytes())
    data[len(data) // 2] ^= 1
    weights.write_bytes(data)
    os.utime(weights, ns=(time_before.st_atime_ns, time_before.st_mtime_ns))
    (checked,) = AutoModel.verify_offline_model(MODEL, check_hashes=True)
    assert checked.packages[0].state == "damaged"
    assert {file.handle: file.state for file in checked.packages[0].files}["weights.onnx"] == "damaged"


def test_a_file_that_was_changed_is_fetched_again(api):
    AutoModel.from_pretrained(MODEL)
    (package,) = AutoModel.list_offline_models()[0].packages
    names = package.path / "class_names.txt"
    names.chmod(0o644)
    names.write_text("wrong\n")
    assert AutoModel.from_pretrained(MODEL).class_names == ["thing"]


# --- Providers of the user's own ---------------------------------------------------------------------------------


def metadata(api, files, **changes):
    package = {
        "package_id": "onnxfp32",
        "backend": inference_models.BackendType.ONNX,
        "quantization": inference_models.Quantization.FP32,
        "static_batch_size": 1,
        "trusted_source": True,
        "onnx_package_details": ONNXPackageDetails(opset=13),
        "package_artefacts": [
            FileDownloadSpecs(f"{api.url}/files/onnxfp32/{name}", name, sha256_hash=hashlib.sha256(data).hexdigest())
            for name, data in files.items()
        ],
    }
    return ModelMetadata("ours", "yolov8", [ModelPackageMetadata(**(package | changes))], task_type="object-detection")


@pytest.mark.parametrize("way", ["deleted", "pruned"])
def test_a_loaded_model_outlives_the_cache(api, tmp_path, way):
    model = AutoModel.from_pretrained(MODEL)
    expected = model(IMAGE)[0].xyxy
    if way == "deleted":
        shutil.rmtree(tmp_path / "cache")
    else:
        program = pathlib.Path(sys.executable).with_name("inference-models")
        subprocess.run([program, "cache", "prune", MODEL], check=True, capture_output=True)
        assert not list((tmp_path / "cache").rglob("weights.onnx"))
    assert np.array_equal(model(IMAGE)[0].xyxy, expected)
    assert np.array_equal(AutoModel.from_pretrained(MODEL)(IMAGE)[0].xyxy, expected)
    assert len(api.paths("/files/")) == 6


def test_threads_that_load_a_model_at_the_same_time_download_once(api):
    together = threading.Barrier(8)

    def load(_):
        together.wait()
        return len(AutoModel.from_pretrained(MODEL)(IMAGE)[0])

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(load, range(8))) == [1] * 8
    assert sorted(api.paths("/files/")) == sorted(set(api.paths("/files/")))
    assert len(api.paths("/files/")) == 3


def test_a_provider_of_the_users_own(api, files):
    asked = []

    def provider(model_id, api_key=None, **options):
        asked.append((model_id, api_key, options))
        return metadata(api, files)

    register_model_provider("ours", provider)
    model = AutoModel.from_pretrained(
        "some-model",
        weights_provider="ours",
        api_key="key",
        weights_provider_extra_query_params=[("a", "b")],
        weights_provider_extra_headers={"X-C": "d"},
    )
    assert len(model(IMAGE)[0]) == 1
    extra = {
        "weights_provider_extra_query_params": [("a", "b")],
        "weights_provider_extra_headers": [("X-C", "d")],
    }
    assert asked == [("some-model", "key", extra)]
    assert not api.paths(LISTING)
    # It is asked once; then what it said counts.
    AutoModel.from_pretrained("some-model", weights_provider="ours", api_key="key", **extra)
    assert len(asked) == 1
    assert get_model_from_provider("some-model", "ours").packages[0].id == "onnxfp32"
    assert asked[1] == ("some-model", None, {})
    assert AutoModel.from_pretrained("some-model", weights_provider="offline").class_names == ["thing"]


def test_a_provider_may_answer_in_the_protocol(api):
    register_model_provider("passes-on", lambda model_id, api_key=None: api.metadata(None))
    assert len(AutoModel.from_pretrained("x", weights_provider="passes-on")(IMAGE)[0]) == 1


@pytest.mark.parametrize(
    ("answer", "error", "text"),
    [
        (lambda *_: 1 / 0, ModelRetrievalError, "ZeroDivisionError"),
        (lambda *_: None, ModelRetrievalError, "broken"),
        (lambda *_: {"modelMetadata": {}}, ModelRetrievalError, "broken"),
        (lambda *_: {"a": object()}, ModelRetrievalError, "broken"),
    ],
)
def test_a_provider_that_fails(api, answer, error, text):
    register_model_provider("broken", answer)
    with pytest.raises(error, match=text):
        AutoModel.from_pretrained("x", weights_provider="broken")


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError])
def test_what_ends_more_than_a_provider_reaches_the_caller(api, kind):
    raised = kind("now")

    def provider(model_id, api_key=None):
        raise raised

    register_model_provider("interrupted", provider)
    for call in (AutoModel.from_pretrained, AutoModel.describe_model):
        with pytest.raises(kind) as caught:
            call("x", weights_provider="interrupted")
        assert caught.value is raised
    assert len(AutoModel.from_pretrained(MODEL)(IMAGE)[0]) == 1  # of that call alone


def test_ctrl_c_in_a_provider_is_no_reason_to_take_the_cache(api, files):
    answers = [metadata(api, files)]

    def provider(model_id, api_key=None):
        if not answers:
            raise KeyboardInterrupt
        return answers.pop()

    register_model_provider("once", provider)
    AutoModel.from_pretrained("x", weights_provider="once")
    with pytest.raises(KeyboardInterrupt):
        AutoModel.from_pretrained("x", weights_provider="once", use_auto_resolution_cache=False)


class UnspeakableError(Exception):
    def __init__(self, inner):
        self.inner = inner

    def __str__(self):
        raise self.inner


@pytest.mark.parametrize("answer", [5, None, "\ud800", "\x1b[31m\0"])
def test_a_provider_whose_error_says_something_strange(api, answer):
    class StrangeError(Exception):
        def __str__(self):
            return answer

    def provider(model_id, api_key=None):
        raise StrangeError

    register_model_provider("strange", provider)
    with pytest.raises(ModelRetrievalError, match="StrangeError") as caught:
        AutoModel.from_pretrained("x", weights_provider="strange")
    assert str(caught.value).replace("\n", "").isprintable()


def test_a_provider_whose_error_cannot_be_shown(api):
    def raising(inner):
        def provider(model_id, api_key=None):
            raise UnspeakableError(inner)

        return provider

    register_model_provider("unspeakable", raising(ValueError("inner")))
    with pytest.raises(ModelRetrievalError, match="UnspeakableError"):
        AutoModel.from_pretrained("x", weights_provider="unspeakable")
    register_model_provider("unspeakable", raising(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        AutoModel.from_pretrained("x", weights_provider="unspeakable")


def test_a_provider_out_of_reach_leaves_the_cache(api, files, monkeypatch):
    monkeypatch.setenv("ROBOFLOW_API_KEY", "roboflow's")
    answers = [metadata(api, files)]

    def provider(model_id, api_key=None):
        assert api_key is None
        if answers:
            return answers.pop()
        raise RetryError("later")

    register_model_provider("sometimes", provider)
    with pytest.raises(RetryError, match="later"):
        answers.clear()
        AutoModel.from_pretrained("x", weights_provider="sometimes")
    answers.append(metadata(api, files))
    for _ in range(2):
        model = AutoModel.from_pretrained("x", weights_provider="sometimes", use_auto_resolution_cache=False)
        assert len(model(IMAGE)[0]) == 1


def test_a_provider_without_the_model(api):
    def provider(model_id, api_key=None):
        raise ModelNotFoundError(f"{model_id} is not ours")

    register_model_provider("empty", provider)
    with pytest.raises(ModelNotFoundError, match="x is not ours"):
        AutoModel.from_pretrained("x", weights_provider="empty")


@pytest.mark.parametrize("name", ["roboflow", "local", "bundled", "offline", ""])
def test_names_that_belong_to_the_library(name):
    with pytest.raises(InvalidParameterError):
        register_model_provider(name, lambda *_: None)


def test_an_unknown_provider(api):
    with pytest.raises(InvalidParameterError, match="robflow"):
        AutoModel.from_pretrained(MODEL, weights_provider="robflow")


# --- Errors ------------------------------------------------------------------------------------------------------


def test_errors_have_their_classes(api, monkeypatch):
    with pytest.raises(InsecureModelIdentifierError):
        AutoModel.from_pretrained("../../no-such-model", weights_provider="roboflow")
    api.answer = lambda handler: (handler.send(401, b"{}"), True)[1]
    with pytest.raises(UnauthorizedModelAccessError) as caught:
        AutoModel.from_pretrained(MODEL, api_key="wrong-key")
    assert "ROBOFLOW_API_KEY" in caught.value.hint
    assert "wrong-key" not in str(caught.value)
    monkeypatch.setenv("API_CALLS_TIMEOUT", "soon")
    with pytest.raises(InvalidEnvVariable, match="API_CALLS_TIMEOUT"):
        AutoModel.from_pretrained(MODEL)
    monkeypatch.setenv("API_CALLS_TIMEOUT", "1")
    monkeypatch.setenv("ROBOFLOW_API_HOST", "http://127.0.0.1:9")
    with pytest.raises(RetryError):
        AutoModel.from_pretrained(MODEL)


def test_a_wrong_hash(api):
    api.packages[0].listed["weights.onnx"] = {"md5Hash": "0" * 32}
    with pytest.raises(FileHashSumMissmatch, match="weights.onnx"):
        AutoModel.from_pretrained(MODEL)
    for provider in (None, None, "offline"):  # kept for those who compare nothing, with and without network
        fetched = len(api.paths("/files/onnxfp32/weights.onnx"))
        options = {"verify_hash_while_download": False, "weights_provider": provider}
        assert len(AutoModel.from_pretrained(MODEL, **options)(IMAGE)[0]) == 1
    assert len(api.paths("/files/onnxfp32/weights.onnx")) == fetched
    with pytest.raises(NoModelPackagesAvailableError, match="not compared"):
        AutoModel.from_pretrained(MODEL, weights_provider="offline")
    with pytest.raises(FileHashSumMissmatch, match="weights.onnx"):  # it was kept, but not for those who compare
        AutoModel.from_pretrained(MODEL)


# --- Parameters --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "works"),
    [
        ({"batch_size": (1, 1)}, True),
        ({"batch_size": (1, 4)}, False),
        ({"backend": ["trt", "onnx"]}, True),
        ({"quantization": "fp16"}, False),
        ({"onnx_execution_providers": [("CPUExecutionProvider", {})]}, True),
        ({"required_model_features": ["something"]}, False),
        ({"nms_fusion_preferences": True}, True),
        ({"nms_fusion_preferences": {"max_detections": [100, 300]}}, True),
        ({"max_package_loading_attempts": 1, "use_auto_resolution_cache": False}, True),
        ({"trt_engine_host_code_allowed": False, "verify_hash_while_download": True}, True),
    ],
)
def test_options_hold_by_id_and_by_path(api, files, tmp_path, options, works):
    for model in (MODEL, tmp_path / "package"):
        if works:
            assert len(AutoModel.from_pretrained(model, **options)(IMAGE)[0]) == 1
        else:
            with pytest.raises(NoModelPackagesAvailableError):
                AutoModel.from_pretrained(model, **options)


@pytest.mark.parametrize(
    "options",
    [
        {"nms_fusion_preferences": "yes"},
        {"nms_fusion_preferences": {"detections": 3}},
        {"nms_fusion_preferences": {"max_detections": [1, 2, 3]}},
        {"max_package_loading_attempts": 0},
        {"batch_size": (2, 1)},
        {"batch_size": (1, 2, 3)},
        {"allow_untrusted_packages": "yes"},
        {"weights_provider_extra_headers": ["a"]},
        {"api_key": 3},
    ],
)
def test_wrong_options(api, options):
    with pytest.raises(BaseInferenceModelsError) as caught:
        AutoModel.from_pretrained(MODEL, **options)
    assert caught.value.kind == "invalid_argument"
    assert not api.requests


def test_verbose_tells_why(api, capfd):
    AutoModel.from_pretrained(MODEL, verbose=True)
    assert "chosen" in capfd.readouterr().err


# --- While it downloads ------------------------------------------------------------------------------------------

CTRL_C = """
import json, sys
from inference_models import AutoModel
try:
    AutoModel.from_pretrained(sys.argv[1])
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.fixture
def slow(api):
    """The weights never come to their end."""
    api.packages[0].files = api.packages[0].files | {"padding.bin": os.urandom(200_000)}
    stop = threading.Event()

    def answer(handler):
        if not handler.path.endswith("padding.bin"):
            return False
        handler.send_response(200)
        handler.send_header("Content-Length", "200000")
        handler.end_headers()
        handler.wfile.write(api.packages[0].files["padding.bin"][:100_000])
        handler.wfile.flush()
        stop.wait(30)
        return True

    api.answer = answer
    yield api
    stop.set()


def test_ctrl_c_ends_a_download(slow, tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", CTRL_C, MODEL],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=listen_to_ctrl_c,
    )
    deadline = time.monotonic() + 20
    while not slow.paths("/files/onnxfp32/padding.bin"):
        assert process.poll() is None and time.monotonic() < deadline, process.stderr.read()
        time.sleep(0.05)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (out.strip(), process.returncode) == ("interrupted", 0), err


def test_python_ends_while_a_thread_downloads(slow):
    code = (
        "import threading, time\n"
        "from inference_models import AutoModel\n"
        f"threading.Thread(target=lambda: AutoModel.from_pretrained('{MODEL}'), daemon=True).start()\n"
        "time.sleep(2)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=25, check=False)
    assert done.returncode == 0, done.stderr


def test_other_threads_load_and_run_models_while_it_downloads(slow, tmp_path):
    failures = []

    def load():
        try:
            AutoModel.from_pretrained(MODEL)
        except BaseInferenceModelsError as error:  # at the latest when the server ends
            failures.append(error)

    loader = threading.Thread(target=load, daemon=True)
    loader.start()
    deadline = time.monotonic() + 10
    while not slow.paths("/files/onnxfp32/padding.bin"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert len(AutoModel.from_pretrained(tmp_path / "package")(IMAGE)[0]) == 1
    assert loader.is_alive() and not failures
