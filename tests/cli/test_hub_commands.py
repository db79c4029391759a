"""What the program says and does about models by id: `describe`, `cache`, the options of loading, progress."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.models_by_id import MODEL
from support.tiny_models import write_package
from support.weights_api import LISTING, Package, md5, package_files

PACKAGE = "onnxfp32"


@pytest.fixture
def filled(client, image):
    """A client whose cache has the model."""
    run = client("predict", MODEL, image)
    assert run.code == 0, run.stderr
    return client


def directory_of(client) -> Path:
    """Where the package lies."""
    (manifest,) = client.cache.rglob(".package.json")
    return manifest.parent


def damage(path: Path) -> None:
    """Other bytes, as many as before and with the same time: what only reading finds."""
    before = path.stat()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


# --- describe ----------------------------------------------------------------------------------------------------


def test_describe_a_model(client, api):
    api.packages[0].listed["weights.onnx"] = {"sizeBytes": 340}
    run = client("describe", MODEL)
    assert (run.code, run.stderr) == (0, "")
    assert re.search(rf"^model id +{MODEL}$", run.stdout, re.MULTILINE)
    assert re.search(r"^weights provider +roboflow$", run.stdout, re.MULTILINE)
    assert re.search(rf"^{PACKAGE} +onnx +1 +fp32 +\S+ +yes$", run.stdout, re.MULTILINE)
    described = client("describe", MODEL, "--json").json
    assert (described["model_id"], described["task_type"]) == (MODEL, "object-detection")
    assert [package["id"] for package in described["packages"]] == [PACKAGE]
    assert not api.paths("/files/")


def test_describe_a_package(client, api):
    run = client("describe", MODEL, PACKAGE)
    assert run.code == 0, run.stderr
    assert re.search(rf"^package +{PACKAGE}$", run.stdout, re.MULTILINE)
    for name, content in api.packages[0].files.items():
        assert re.search(rf"^{re.escape(name)} +.*md5 {md5(content)}", run.stdout, re.MULTILINE), run.stdout
    described = client("describe", MODEL, PACKAGE, "--json").json
    assert (described["model_id"], described["id"], described["format"]) == (MODEL, PACKAGE, "onnx")
    assert {file["handle"]: file["md5"] for file in described["files"]} == {
        name: md5(content) for name, content in api.packages[0].files.items()
    }


def test_describe_a_package_that_is_none(client):
    run = client("describe", MODEL, "onnx-fp16")
    assert (run.code, run.error_kind, run.stdout) == (2, "invalid_argument", "")
    assert "onnx-fp16" in run.stderr
    assert PACKAGE in run.hint


def test_describe_a_model_that_nobody_has(client):
    run = client("describe", "another-model")
    assert (run.code, run.error_kind, run.stdout) == (1, "model_not_found", "")
    assert "another-model" in run.stderr


@pytest.mark.parametrize("model", ["a path", "codes-n-640"])
def test_describe_what_is_here(client, api, folder, model):
    run = client("describe", folder / MODEL if model == "a path" else model, "--json")
    assert run.code == 0, run.stderr
    assert run.json["weights_provider"] == ("local" if model == "a path" else "bundled")
    for package in run.json["packages"]:
        assert all(file["size_bytes"] > 0 for file in package["files"])
    assert not api.requests


def test_describe_offline(filled, api):
    asked = len(api.requests)
    for environment, options in [({"OFFLINE_MODE": "True"}, []), ({}, ["--weights-provider", "offline"])]:
        run = filled("describe", MODEL, *options, "--json", env=environment)
        assert run.code == 0, run.stderr
        assert [package["id"] for package in run.json["packages"]] == [PACKAGE]
    assert len(api.requests) == asked


def test_a_description_shows_no_key_and_no_signed_address(client, api):
    api.packages[0].listed["weights.onnx"] = {"downloadUrl": f"{api.url}/files/{PACKAGE}/weights.onnx?signature=s3cret"}
    for arguments in ([MODEL], [MODEL, PACKAGE]):
        for form in ([], ["--json"]):
            run = client("describe", *arguments, *form, env={"ROBOFLOW_API_KEY": "k3y"})
            assert run.code == 0, run.stderr
            assert "s3cret" not in run.stdout + run.stderr
            assert "k3y" not in run.stdout + run.stderr
    assert any("k3y" in str(headers) + path for _, path, headers in api.requests)


# --- cache -------------------------------------------------------------------------------------------------------


def test_the_path_of_the_cache(client, tmp_path):
    run = client("cache", "path")
    assert (run.code, run.stdout, run.stderr) == (0, f"{client.cache}/hub\n", "")
    assert not client.cache.exists()
    for environment, expected in [
        ({"MODEL_CACHE_DIR": str(tmp_path / "m")}, tmp_path / "m/hub"),
        ({"XDG_CACHE_HOME": str(tmp_path / "x")}, tmp_path / "x/inference_models/hub"),
        ({"HOME": str(tmp_path / "h"), "XDG_CACHE_HOME": ""}, tmp_path / "h/.cache/inference_models/hub"),
    ]:
        run = client("cache", "path", env={"INFERENCE_HOME": ""} | environment)
        assert Path(run.stdout.strip()) == expected


@pytest.mark.parametrize("command", ["path", "list", "verify", "prune"])
def test_without_a_place_for_the_cache(client, tmp_path, command):
    """Never the current directory, whose `models` are none of ours."""
    (tmp_path / "here/models/mine").mkdir(parents=True)
    (tmp_path / "here/store.lock").touch()
    nowhere = dict.fromkeys(["INFERENCE_HOME", "MODEL_CACHE_DIR", "XDG_CACHE_HOME", "HOME"], "")
    run = client("cache", command, env=nowhere, cwd=tmp_path / "here")
    assert (run.code, run.error_kind, run.stdout) == (2, "invalid_environment_variable", "")
    assert "INFERENCE_HOME" in run.hint
    assert (tmp_path / "here/models/mine").is_dir()


def test_nothing_in_the_cache(client):
    for command in ("list", "verify"):
        run = client("cache", command)
        assert (run.code, run.stdout) == (0, "")
        assert str(client.cache) in run.stderr
        assert client("cache", command, "--json").json == []
    for options in ([], ["--all"], ["--unused-for", "1"]):
        run = client("cache", "prune", *options)
        assert (run.code, run.stderr) == (0, "")
        assert run.stdout.startswith("took away 0 packages and 0 other files")
    assert not client.cache.exists()


@pytest.mark.parametrize("command", ["verify", "prune"])
def test_an_id_that_is_not_in_the_cache(filled, command):
    before = filled.files()
    run = filled("cache", command, MODEL, "another-model")
    assert (run.code, run.error_kind, run.stdout) == (1, "model_not_found", "")
    assert "another-model" in run.stderr
    assert "cache list" in run.hint
    run = filled("cache", command, "../models")
    assert (run.code, run.error_kind) == (2, "invalid_argument")
    assert filled.files() == before


def test_list_what_there_is(filled, api):
    run = filled("cache", "list")
    assert (run.code, run.stderr) == (0, "")
    assert f"{MODEL} (roboflow): yolov8, object-detection" in run.stdout
    assert re.search(rf"{PACKAGE} +onnx +\d+ bytes +whole +{re.escape(str(directory_of(filled)))}$", run.stdout, re.M)
    (model,) = filled("cache", "list", "--json").json
    (package,) = model["packages"]
    assert (model["model_id"], package["package_id"], package["state"]) == (MODEL, PACKAGE, "whole")
    sizes = {file["handle"]: file["size_bytes"] for file in package["files"]}
    assert sizes.items() >= {name: len(content) for name, content in api.packages[0].files.items()}.items()
    assert package["size_bytes"] == sum(sizes.values())


def test_verify_reads_every_byte(filled):
    assert filled("cache", "verify").code == filled("cache", "verify", MODEL).code == 0
    damage(directory_of(filled) / "weights.onnx")
    run = filled("cache", "list")
    assert (run.code, "damaged" in run.stdout) == (0, False)
    for arguments in ([], [MODEL]):
        run = filled("cache", "verify", *arguments)
        assert (run.code, run.stderr) == (1, "")
        assert "damaged" in run.stdout
        assert "weights.onnx" in run.stdout
    run = filled("cache", "verify", "--json")
    assert run.code == 1
    (package,) = run.json[0]["packages"]
    assert package["state"] == "damaged"
    assert {file["handle"] for file in package["files"] if file["state"] != "whole"} == {"weights.onnx"}


@pytest.mark.parametrize(("fault", "state"), [("shorter", "damaged"), ("gone", "missing")])
def test_what_is_seen_without_reading(filled, image, fault, state):
    weights = directory_of(filled) / "weights.onnx"
    weights.chmod(0o644)
    if fault == "gone":
        weights.unlink()
    else:
        os.truncate(weights, 100)
    run = filled("cache", "list", "--json")
    assert run.code == 0
    (package,) = run.json[0]["packages"]
    (problem,) = [file for file in package["files"] if file["state"] != "whole"]
    assert (package["state"], problem["handle"], problem["state"]) == (state, "weights.onnx", state)
    assert "weights.onnx" in filled("cache", "list").stdout
    assert filled("cache", "verify").code == 1
    run = filled("predict", MODEL, image, env={"OFFLINE_MODE": "True"})
    assert run.code != 0
    # It is brought again where there is a network, or taken away.
    run = filled("cache", "prune")
    assert run.stdout.startswith("took away 1 package ")
    assert filled("cache", "list").stdout == ""
    assert filled("predict", MODEL, image).code == 0
    assert filled("cache", "verify").code == 0


def test_prune_by_name(filled, api, folder, image):
    files = package_files(folder / MODEL / PACKAGE)
    api.packages = [Package("other", files | {"class_names.txt": b"other\n"})]
    assert filled("predict", MODEL, image, "--no-auto-resolution-cache").code == 0
    assert filled("cache", "prune").stdout.startswith("took away 0 packages")
    run = filled("cache", "prune", MODEL)
    assert run.code == 0
    assert re.fullmatch(r"took away 2 packages and \d+ other files: .* are free now\n", run.stdout)
    assert filled("cache", "list", "--json").json == []
    assert not [path for path in filled.files() if "blobs" in path.parts or "models" in path.parts]


def test_prune_everything(filled):
    assert filled("cache", "prune", "--all").stdout.startswith("took away 1 package ")
    assert filled("cache", "list", "--json").json == []


def test_prune_what_was_not_used(filled):
    (used,) = filled.cache.rglob("*.used")
    for days, taken in [("1", 0), ("106752", 0), ("4294967295", 0), ("0", 1)]:
        run = filled("cache", "prune", "--unused-for", days)
        assert run.stdout.startswith(f"took away {taken} package"), (days, run.stdout, run.stderr)
    assert not used.exists()


def test_prune_takes_away_what_was_interrupted(filled):
    (model,) = (filled.cache / "hub/models").iterdir()
    (model / "downloads/half").mkdir(parents=True)
    (model / "downloads/half/weights.onnx.part").write_bytes(b"x" * 1000)
    run = filled("cache", "prune")
    assert run.stdout == "took away 0 packages and 1 other file: 1.0 kB are free now\n"
    assert filled("cache", "verify").code == 0


def test_prune_waits_for_nobody_who_downloads(client, api, image):
    """Until the download is done the cache is busy; nothing of it is taken away."""
    asked, go_on = threading.Event(), threading.Event()

    def hold(handler):
        if handler.path.startswith("/files/"):
            asked.set()
            go_on.wait(60)
        return False

    api.answer = hold
    with ThreadPoolExecutor(1) as pool:
        load = pool.submit(client, "predict", MODEL, image, env={"CHUNK_DOWNLOAD_READ_TIMEOUT": "60"})
        try:
            assert asked.wait(60)
            run = client("cache", "prune", "--all")
            assert (run.code, run.error_kind, run.stdout) == (1, "cache_busy", "")
            assert str(client.cache) in run.stderr
            assert run.hint
            assert client("cache", "list").code == 0
        finally:
            go_on.set()
        assert load.result().code == 0
    assert client("cache", "prune", "--all").stdout.startswith("took away 1 package ")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["cache"], "subcommand"),
        (["cache", "lst"], "subcommand"),
        (["cache", "prune", "--all", MODEL], "--all"),
        (["cache", "prune", "--unused-for", "-1"], "--unused-for: `-1` is no whole number from 0"),
        (["cache", "prune", "--unused-for", "soon"], "--unused-for: `soon` is no whole number from 0"),
        (["cache", "path", "x"], "x"),
        (["describe"], "MODEL"),
        (["describe", MODEL, PACKAGE, "x"], "x"),
    ],
)
def test_wrong_words(client, api, arguments, named):
    run = client(*arguments)
    assert (run.code, run.error_kind, run.stdout) == (2, "usage", "")
    assert named in run.stderr
    assert "--help" in run.stderr
    assert not api.requests
    assert not client.cache.exists()


# --- the options of loading --------------------------------------------------------------------------------------


def statuses(run):
    assert run.code in (0, 4), run.stderr
    return {
        one["package_id"]: (one["status"], one["reason"])
        for one in run.json["candidates"]
        if one["engine"] == "onnxruntime"
    }


@pytest.mark.parametrize(
    ("options", "chosen"),
    [
        (["--batch-size", "1"], {"one", "any"}),
        (["--batch-size", "4"], {"any"}),
        (["--batch-size", "2:16"], {"any"}),
        (["--onnx-execution-providers", "CPUExecutionProvider"], {"one", "any"}),
        (["--onnx-execution-providers", "NoExecutionProvider"], set()),
        (["--nms-fusion-preferences", "default"], {"one", "any", "fused"}),
        (["--nms-fusion-preferences", "default,max_detections=100"], {"one", "any"}),
        (["--nms-fusion-preferences", "max_detections=100:300,iou_threshold=0.7"], {"one", "any", "fused"}),
        (["--nms-fusion-preferences", "class_agnostic=true"], {"one", "any"}),
        (["--required-model-features", "nms_fused"], set()),
        (["--required-model-features", "nms_fused", "--nms-fusion-preferences", "default"], {"fused"}),
        (["--required-model-features", "nms_fused,colours", "--nms-fusion-preferences", "default"], set()),
        (["--quantization", "fp16"], set()),
        (["--model-package-id", "any"], {"any"}),
    ],
)
def test_options_decide_which_packages_are_taken(client, api, options, chosen):
    files = api.packages[0].files
    nms = {"max_detections": 300, "confidence_threshold": 0.25, "iou_threshold": 0.7, "class_agnostic": False}
    api.packages = [
        Package("one", files),
        Package("any", files, manifest={"dynamicBatchSize": True, "staticBatchSize": None}),
        Package("fused", files, features={"nms_fused": nms}),
    ]
    told = statuses(client("explain", MODEL, *options, "--json"))
    assert {package for package, (status, _) in told.items() if status in ("chosen", "usable")} == chosen, told
    assert all(reason for _, reason in told.values())
    run = client("explain", MODEL, *options)
    assert run.code == (0 if chosen else 4)


def test_local_directories_obey_the_same_options(client, api, folder):
    for options in (["--batch-size", "4"], ["--required-model-features", "colours"], ["--quantization", "int8"]):
        ((status, _),) = statuses(client("explain", folder / MODEL, *options, "--json")).values()
        assert status == "rejected", options
    assert not api.requests


def test_execution_providers_may_have_options(client, folder, image):
    """Those of the CPU have none that count."""
    arguments = ["predict", folder / MODEL, image, "--onnx-execution-providers"]
    for provider in ("CPUExecutionProvider", "CPUExecutionProvider:a=b;c=", "CPUExecutionProvider:a=b=c;"):
        run = client(*arguments, provider)
        assert run.code == 0, run.stderr
    run = client(*arguments, "NoExecutionProvider:a=b,CPUExecutionProvider")
    assert (run.code, run.error_kind) == (4, "no_usable_backend")
    assert "has no NoExecutionProvider" in run.stderr


@pytest.mark.parametrize(
    ("option", "value", "named"),
    [
        ("--batch-size", "x", ["--batch-size", "`x`", "MIN:MAX"]),
        ("--batch-size", "1:", ["--batch-size", "`1:`", "MIN:MAX"]),
        ("--batch-size", "1:2:3", ["--batch-size", "`1:2:3`", "MIN:MAX"]),
        ("--batch-size", "99999999999999999999", ["--batch-size", "MIN:MAX"]),
        ("--batch-size", "0", ["batch_size", "at least 1"]),
        ("--batch-size", "-1", ["batch_size", "at least 1"]),
        ("--batch-size", "4:2", ["batch_size", "the smallest and the largest"]),
        ("--onnx-execution-providers", ":device_id=0", ["--onnx-execution-providers", "name", "CPUExecutionProvider"]),
        ("--onnx-execution-providers", "CPUExecutionProvider:x", ["--onnx-execution-providers", "`x`", "key=value"]),
        ("--onnx-execution-providers", "CPUExecutionProvider:=x", ["--onnx-execution-providers", "`=x`", "key=value"]),
        ("--nms-fusion-preferences", "colour=1", ["--nms-fusion-preferences", "`colour=1`", "max_detections="]),
        ("--nms-fusion-preferences", "iou_threshold", ["--nms-fusion-preferences", "`iou_threshold`", "MIN:MAX"]),
        ("--nms-fusion-preferences", "max_detections=1.5", ["`max_detections=1.5`", "MIN:MAX"]),
        ("--nms-fusion-preferences", "iou_threshold=2", ["nms_fusion_preferences", "iou_threshold", "from 0 to 1"]),
        ("--nms-fusion-preferences", "iou_threshold=nan", ["nms_fusion_preferences", "iou_threshold", "from 0 to 1"]),
        ("--nms-fusion-preferences", "max_detections=9:3", ["nms_fusion_preferences", "max_detections"]),
        ("--nms-fusion-preferences", "class_agnostic=2", ["`class_agnostic=2`", "class_agnostic=true"]),
        ("--max-package-loading-attempts", "0", ["max_package_loading_attempts", "at least 1"]),
        ("--max-package-loading-attempts", "x", ["--max-package-loading-attempts: `x`", "whole number"]),
        ("--max-package-loading-attempts", "-1", ["--max-package-loading-attempts: `-1`", "whole number"]),
        ("--max-package-loading-attempts", "4294967296", ["--max-package-loading-attempts", "to 4294967295"]),
        ("--threads", "many", ["--threads: `many`", "whole number"]),
        ("--quantization", "fp8", ["--quantization", "`fp8`", "int8"]),
        ("--weights-provider", "robofow", ["`robofow`", "Did you mean roboflow?", "bundled"]),
        ("--allow-untrusted-package", "", ["--allow-untrusted-packages?"]),
    ],
)
@pytest.mark.parametrize("command", ["explain", "predict"])
def test_wrong_values(client, api, image, command, option, value, named):
    run = client(command, MODEL, *([image] if command == "predict" else []), option, *([value] if value else []))
    assert (run.code, run.stdout) == (2, ""), run.stderr
    assert run.error_kind in ("usage", "invalid_argument")
    for text in named:
        assert text in run.stderr
    assert not api.requests


def test_a_weights_provider_is_asked_by_name(client, api, folder, image, tmp_path):
    (tmp_path / "here").mkdir()
    write_package(tmp_path / "here" / MODEL)
    here = {"cwd": tmp_path / "here"}
    run = client("predict", MODEL, image, "--weights-provider", "local", "--json", **here)
    assert run.code == 0, run.stderr
    assert not api.requests
    run = client("predict", MODEL, image, "--weights-provider", "roboflow", "--json", **here)
    assert run.code == 0, run.stderr
    assert api.paths(LISTING)
    for provider in ("bundled", "offline"):
        run = client("predict", "another-model", image, "--weights-provider", provider, **here)
        assert (run.code, run.error_kind) == (1, "model_not_found")
    run = client("predict", MODEL, image, "--weights-provider", "offline", "--json", **here)
    assert run.code == 0, run.stderr


def test_a_wrong_hash_is_believed_where_told(client, api, image):
    api.packages[0].listed["class_names.txt"] = {"md5Hash": md5(b"something else")}
    run = client("predict", MODEL, image)
    assert (run.code, run.error_kind) == (1, "hash_mismatch")
    assert "class_names.txt" in run.stderr
    run = client("predict", MODEL, image, "--no-verify-hash-while-download")
    assert run.code == 0, run.stderr


def test_verbose_says_why(client, image):
    run = client("predict", MODEL, image, "--verbose", "--json")
    assert run.code == 0, run.stderr
    assert run.json[0]["predictions"]  # standard output has the results alone
    assert re.search(rf"^chosen +{PACKAGE} +openvino +openvino +cpu", run.stderr, re.MULTILINE)
    assert re.search(rf"^usable +{PACKAGE} +onnx +onnxruntime +cpu", run.stderr, re.MULTILINE)
    assert client("predict", MODEL, image).stderr == ""


# --- progress ----------------------------------------------------------------------------------------------------

PART = 100_000
SHOWN = {"DISABLE_INTERACTIVE_PROGRESS_BARS": ""}


@pytest.fixture
def slow(api):
    """One file of the package comes in ten parts with pauses, so that there is something to show."""
    content = os.urandom(10 * PART)
    api.packages[0].files["extra.bin"] = content

    def answer(handler):
        if not handler.path.endswith("/extra.bin"):
            return False
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        for begin in range(0, len(content), PART):
            handler.wfile.write(content[begin : begin + PART])
            time.sleep(0.05)
        return True

    api.answer = answer


def on_terminal(client, *arguments, columns=200, **environment) -> str:
    """What the program writes to a terminal as its standard error."""
    terminal, program_side = pty.openpty()
    fcntl.ioctl(program_side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [client.run.installed, *map(str, arguments)],
        env=client.run.environment(client.environment(**environment)),
        stdout=subprocess.DEVNULL,
        stderr=program_side,
    )
    os.close(program_side)
    written = b""
    try:
        while part := os.read(terminal, 1 << 16):
            written += part
    except OSError:  # how the end of the other side reads on Linux
        pass
    finally:
        os.close(terminal)
        assert process.wait(60) == 0, written
    return written.decode()


def test_lines_on_a_pipe(client, slow, image):
    run = client("predict", MODEL, image, env=SHOWN)
    assert run.code == 0, run.stderr
    assert "\r" not in run.stderr
    assert "\x1b" not in run.stderr
    first, *between, last = run.stderr.splitlines()
    name = re.escape(f"{MODEL}/{PACKAGE}")
    assert re.match(rf"downloading {name}: ", first)
    assert between
    for line in between:
        assert re.fullmatch(rf"{name}: +\d+ % \S+ [kM]B of 1\.0 MB(, \S+ [kMG]?B/s)?(, \d+ s left)?", line)
    assert re.fullmatch(rf"{name}: done, 1\.0 MB after \d+ s", last)


def test_a_bar_on_a_terminal(client, slow, image):
    written = on_terminal(client, "predict", MODEL, image, **SHOWN)
    bars = re.findall(r"\r\x1b\[K([^\r\n]*)", written)
    assert len(bars) > 2
    filled = [bar.count("#") for bar in bars if re.search(r"\d+ % \[#*\.*\] .* of 1\.0 MB", bar)]
    assert filled == sorted(filled)
    assert len(set(filled)) > 2, bars
    assert written.endswith("\r\n")
    assert re.fullmatch(rf"{MODEL}/{PACKAGE}: done, 1\.0 MB after \d+ s", bars[-1])
    assert written.count("\n") == 1  # the bar is one line, which the end replaces


def test_a_bar_is_no_wider_than_the_terminal(client, slow, image):
    written = on_terminal(client, "predict", MODEL, image, columns=30, **SHOWN)
    *bars, _ = re.findall(r"\r\x1b\[K([^\r\n]*)", written)
    assert bars
    assert max(map(len, bars)) < 30


@pytest.mark.parametrize("word", ["True", "true"])
def test_no_progress_when_told(client, slow, image, word):
    told = {"DISABLE_INTERACTIVE_PROGRESS_BARS": word}
    assert client("predict", MODEL, image, env=told).stderr == ""
    assert client("cache", "prune", "--all").code == 0
    assert on_terminal(client, "predict", MODEL, image, **told) == ""


def test_a_warm_load_shows_no_progress(filled, image):
    assert filled("predict", MODEL, image, env=SHOWN).stderr == ""
    assert on_terminal(filled, "predict", MODEL, image, **SHOWN) == ""
