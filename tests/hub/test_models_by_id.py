"""The whole path of a model by id: listed, chosen, downloaded, verified, kept, loaded, run; and again without a
network."""

import json
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote

import pytest
from support.models_by_id import MODEL, Client
from support.weights_api import LISTING, Package, package_files


def boxes(run):
    assert run.code == 0, run.stderr
    return [entry["predictions"] for entry in run.json]


@pytest.fixture(params=["hub serve", "server of the tests"])
def either(request, program, tmp_path):
    """A client of either server, and how the server is stopped."""
    if request.param == "hub serve":
        hub = request.getfixturevalue("served_hub")
        return Client(program, tmp_path / "cache", hub.url), hub.stop
    api = request.getfixturevalue("api")
    return Client(program, tmp_path / "cache", api.url), api.stop


def test_the_whole_path(either, program, folder, image):
    client, stop = either
    expected = boxes(program("predict", folder / MODEL, image, "--json"))
    assert expected[0]
    assert boxes(client("predict", MODEL, image, "--json")) == expected

    described = client("describe", MODEL, "--json").json
    assert (described["model_id"], described["architecture"]) == (MODEL, "yolov8")
    assert [package["id"] for package in described["packages"]] == ["onnxfp32"]
    explained = client("explain", MODEL, "--json").json
    assert explained["weights_provider"] == "roboflow"
    assert explained["candidates"][0]["status"] == "chosen"

    assert boxes(client("predict", MODEL, image, "--json", env={"OFFLINE_MODE": "True"})) == expected
    stop()
    assert boxes(client("predict", MODEL, image, "--json")) == expected
    # Also where the listing has expired and the provider would have to be asked.
    run = client("predict", MODEL, image, "--json", "--no-auto-resolution-cache")
    assert boxes(run) == expected
    assert "what the cache has" in run.stderr


def test_a_cache_that_was_moved_works_at_its_new_place(client, image, tmp_path):
    expected = boxes(client("predict", MODEL, image, "--json"))
    for move in (shutil.move, lambda old, new: shutil.copytree(old, new, symlinks=True)):
        new = tmp_path / f"moved-{move.__name__}"
        move(client.cache, new)
        client.cache = new
        assert boxes(client("predict", MODEL, image, "--json", env={"OFFLINE_MODE": "True"})) == expected


def test_a_warm_load_makes_no_network_call(client, api, image, without_sockets):
    boxes(client("predict", MODEL, image, "--json"))
    asked = len(api.requests)
    boxes(client("predict", MODEL, image, "--json", before=without_sockets))
    assert len(api.requests) == asked


def test_local_and_bundled_models_open_no_socket(client, folder, image, pictures, without_sockets):
    boxes(client("predict", folder / MODEL, image, "--json", before=without_sockets))
    boxes(client("predict", "codes-n-640", pictures[0], "--json", before=without_sockets))
    assert [path.name for path in (client.cache / "hub").iterdir()] == ["engines"]  # what an engine compiled


def test_eight_processes_download_once(client, api, image):
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda _: client("predict", MODEL, image, "--json"), range(8)))
    assert len({json.dumps(boxes(run)) for run in runs}) == 1
    files = api.paths("/files/")
    assert len(files) == len(set(files)) == 3, files


def test_a_read_only_cache_works(client, api, image, tmp_path):
    expected = boxes(client("predict", MODEL, image, "--json"))
    if subprocess.run(["unshare", "-rm", "true"], check=False).returncode != 0:
        pytest.skip("this system lets no process have mounts of its own")
    mount = 'mount --bind "$INFERENCE_HOME" "$INFERENCE_HOME"; mount -o remount,bind,ro "$INFERENCE_HOME"; exec "$@"'
    before = ["unshare", "-rm", "bash", "-ec", mount, "-"]
    probe = client("cache", "path", before=[*before, "bash", "-c", '! touch "$INFERENCE_HOME/x" && exec "$@"', "-"])
    assert probe.code == 0, probe.stderr
    for env in ({}, {"OFFLINE_MODE": "True"}):
        assert boxes(client("predict", MODEL, image, "--json", before=before, env=env)) == expected
    # The provider is asked, and what it says cannot be kept.
    assert boxes(client("predict", MODEL, image, "--json", "--no-auto-resolution-cache", before=before)) == expected


def test_a_package_that_is_not_here_needs_a_cache_that_can_be_written(client, image, tmp_path):
    client.cache = tmp_path / "file"
    client.cache.write_text("")
    run = client("predict", MODEL, image)
    assert (run.code, run.error_kind) == (1, "io_failure")
    assert "INFERENCE_HOME" in run.hint
    assert str(client.cache) in run.stderr


def test_the_first_time_offline_says_what_there_is(client, image):
    run = client("predict", MODEL, image, env={"OFFLINE_MODE": "True"})
    assert (run.code, run.error_kind) == (1, "model_not_found")
    boxes(client("predict", MODEL, image, "--json"))
    run = client("predict", "another-model", image, env={"OFFLINE_MODE": "True"})
    assert run.error_kind == "model_not_found"
    assert MODEL in run.hint


def test_a_named_provider_is_meant_offline_too(client, image):
    boxes(client("predict", MODEL, image, "--json"))
    offline = {"OFFLINE_MODE": "True"}
    boxes(client("predict", MODEL, image, "--json", "--weights-provider", "roboflow", env=offline))
    client.url = "http://127.0.0.1:9"
    run = client("predict", MODEL, image, "--weights-provider", "roboflow", env=offline)
    assert (run.code, run.error_kind) == (1, "model_not_found")
    boxes(client("predict", MODEL, image, "--json", env=offline))


def test_a_listing_of_several_pages(client, api, folder, image):
    files = package_files(folder / MODEL / "onnxfp32")
    api.packages = [Package(f"p{number}", files) for number in range(7)]
    api.page_size = 3
    described = client("describe", MODEL, "--json").json
    assert [package["id"] for package in described["packages"]] == [f"p{number}" for number in range(7)]
    assert len(api.paths(LISTING)) == 3


def test_files_of_two_packages_that_are_the_same_come_once(client, api, folder, image):
    files = package_files(folder / MODEL / "onnxfp32")
    api.packages = [Package("one", files), Package("two", files | {"class_names.txt": b"other\n"})]
    boxes(client("predict", MODEL, image, "--json", "--model-package-id", "one"))
    run = client("predict", MODEL, image, "--json", "--model-package-id", "two")
    assert [one["class"] for one in boxes(run)[0]] == ["other"]
    assert api.paths("/files/two/") == ["/files/two/class_names.txt"]


def test_a_gateway_is_the_way_of_this_call_alone(client, api, image):
    """It is asked for listings and files, and no part of what is kept: the next call may have another one, or none."""

    def pass_on(handler):
        assert handler.path.startswith("/proxy?url=")
        handler.path = unquote(handler.path.removeprefix("/proxy?url=")).removeprefix(api.url)
        api.respond(handler)
        return True

    api.answer = pass_on
    gateway = {"SECURE_GATEWAY": api.url}
    expected = boxes(client("predict", MODEL, image, "--json", env=gateway))
    assert len(api.paths("/proxy?url=")) == len(api.requests) == 4
    (listing,) = client.cache.glob("hub/models/*/listing.json")
    assert "proxy" not in listing.read_text()
    api.answer = None
    for kept in (client.cache / "hub/blobs", *client.cache.glob("hub/models/*/packages")):
        shutil.rmtree(kept)
    assert boxes(client("predict", MODEL, image, "--json")) == expected
    assert len(api.paths("/files/")) == 3


# --- What is remembered ------------------------------------------------------------------------------------------


def test_a_new_listing_is_asked_for_when_the_old_one_expired(client, api, image):
    boxes(client("predict", MODEL, image, "--json"))
    boxes(client("predict", MODEL, image, "--json"))
    assert len(api.paths(LISTING)) == 1
    boxes(client("predict", MODEL, image, "--json", env={"AUTO_LOADER_CACHE_EXPIRATION_MINUTES": "0"}))
    assert len(api.paths(LISTING)) == 2
    boxes(client("predict", MODEL, image, "--json", "--no-auto-resolution-cache"))
    assert len(api.paths(LISTING)) == 3


@pytest.mark.parametrize(
    "answer", [(200, b"<!DOCTYPE html><html>Please log in</html>"), (418, b""), (302, b""), (200, b"{}")]
)
def test_who_answers_in_the_place_of_the_provider_is_not_asked(client, api, image, answer):
    """A login page, say: what the cache has is used as it is without a network."""
    expected = boxes(client("predict", MODEL, image, "--json"))
    api.answer = lambda handler: (handler.send(*answer), True)[1]
    expired = {"AUTO_LOADER_CACHE_EXPIRATION_MINUTES": "0"}
    run = client("predict", MODEL, image, "--json", env=expired)
    assert boxes(run) == expected
    assert "what the cache has" in run.stderr
    shutil.rmtree(client.cache / "hub/models")
    assert client("predict", MODEL, image, env=expired).error_kind == "retrieval_failure"


def test_another_key_is_asked_for_anew(client, api, image):
    boxes(client("predict", MODEL, image, "--json", env={"ROBOFLOW_API_KEY": "first"}))
    boxes(client("predict", MODEL, image, "--json", env={"ROBOFLOW_API_KEY": "first"}))
    assert len(api.paths(LISTING)) == 1
    api.answer = lambda handler: handler.path.startswith(LISTING) and (handler.send(401, b"{}"), True)[1]
    run = client("predict", MODEL, image, env={"ROBOFLOW_API_KEY": "second"})
    assert (run.code, run.error_kind) == (1, "unauthorized")


def test_what_failed_is_not_tried_again(client, api, folder, image):
    """The first package of the order cannot be loaded; the second one is remembered."""
    files = package_files(folder / MODEL / "onnxfp32")
    broken = files | {"weights.onnx": b"not a network"}
    api.packages = [Package("a", broken), Package("b", files)]
    first = client("predict", MODEL, image, "--json")
    boxes(first)
    assert "warning" in first.stderr
    again = client("predict", MODEL, image, "--json")
    boxes(again)
    assert "warning" not in again.stderr
    # What was remembered fails too: it is forgotten, and everything is tried.
    api.packages = [Package("a", files | {"class_names.txt": b"mended\n"}), Package("b", files)]
    run = client("predict", MODEL, image, "--json", "--no-auto-resolution-cache", "--model-package-id", "a")
    assert [one["class"] for one in boxes(run)[0]] == ["mended"]


def test_a_choice_is_not_renewed_by_using_it(client, image):
    """Else it would never expire where a model is loaded often, and each load would wait for the disk."""

    def choice():
        (path,) = client.cache.glob("hub/choices/*")
        return path.stat().st_ino, path.read_bytes()

    boxes(client("predict", MODEL, image, "--json"))
    first = choice()
    boxes(client("predict", MODEL, image, "--json"))
    assert choice() == first
    boxes(client("predict", MODEL, image, "--json", env={"AUTO_LOADER_CACHE_EXPIRATION_MINUTES": "0"}))
    assert choice() != first


def test_a_limit_to_the_attempts(client, api, folder, image):
    files = package_files(folder / MODEL / "onnxfp32")
    api.packages = [Package("a", files | {"weights.onnx": b"not a network"}), Package("b", files)]
    run = client("predict", MODEL, image, "--max-package-loading-attempts", "1")
    assert (run.code, run.error_kind) == (1, "corrupted_package")
    assert not api.paths("/files/b/")


# --- Trust -------------------------------------------------------------------------------------------------------


def test_untrusted_packages_must_be_allowed(client, api, image):
    api.packages[0].trusted = False
    run = client("predict", MODEL, image)
    assert (run.code, run.error_kind) == (4, "no_usable_backend")
    assert "allow_untrusted_packages" in run.hint
    assert not api.paths("/files/")
    boxes(client("predict", MODEL, image, "--json", "--allow-untrusted-packages"))
    assert client("predict", MODEL, image).error_kind == "no_usable_backend"


def test_files_without_a_hash_must_be_allowed(client, api, image):
    api.packages[0].listed["weights.onnx"] = {"md5Hash": None}
    run = client("predict", MODEL, image)
    assert (run.code, run.error_kind) == (4, "no_usable_backend")
    assert "download_files_without_hash" in run.hint
    assert not api.paths("/files/")
    boxes(client("predict", MODEL, image, "--json", "--download-files-without-hash"))


def test_fused_nms_must_be_allowed(client, api, image):
    api.packages[0].features = {
        "nms_fused": {"max_detections": 300, "confidence_threshold": 0.25, "iou_threshold": 0.7, "class_agnostic": 0}
    }
    run = client("predict", MODEL, image)
    assert run.error_kind == "no_usable_backend"
    assert "nms_fusion_preferences" in run.hint
    explained = client("explain", MODEL, "--nms-fusion-preferences", "default", "--json").json
    assert explained["candidates"][0]["status"] == "chosen"
