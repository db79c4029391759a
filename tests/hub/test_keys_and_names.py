"""What must not get anywhere: keys, and names that lead out of the cache."""

import json
import shutil

import pytest
from support.models_by_id import MODEL
from support.weights_api import LISTING, WeightsApi

KEY = "rf_secret_0123456789abcdef"


def holds(data: bytes) -> bool:
    return KEY.encode() in data


def test_a_key_goes_to_its_provider_and_nowhere_else(client, api, image):
    with WeightsApi(MODEL, api.packages).running() as other:
        # The listing is redirected to another host, and files lie on a third one.
        def redirect(handler):
            if not handler.path.startswith(LISTING):
                return False
            handler.send(307, b"", Location=other.url + handler.path)
            return True

        api.answer = redirect
        run = client("predict", MODEL, image, "--json", "--log-level", "debug", env={"ROBOFLOW_API_KEY": KEY})
        assert run.code == 0, run.stderr
        (first,) = [headers for _, path, headers in api.requests if path.startswith(LISTING)]
        assert first["Authorization"] == f"Bearer {KEY}"
        assert other.requests
        for _, path, headers in other.requests:
            assert not any(holds(f"{name}: {value}".encode()) for name, value in headers.items()), headers
            assert not holds(path.encode())
    for _, path, headers in api.requests:
        assert path.startswith(LISTING) or not holds(json.dumps(headers).encode())
    assert not holds((run.stdout + run.stderr).encode())
    for path in client.files():
        assert not holds(path.read_bytes()), path
        assert not holds(str(path).encode())


def test_signed_addresses_are_not_kept_but_asked_for_again(client, api, image):
    """An address lets whoever has it take the file, and a server may put a key there."""

    def expect_signature(handler):
        if handler.path.startswith("/files/") and not holds(handler.path.encode()):
            handler.send(403, b"")
            return True
        return False

    api.answer = expect_signature
    for name in api.packages[0].files:
        url = f"{api.url}/files/onnxfp32/{name}?api_key={KEY}"
        api.packages[0].listed[name] = {"downloadUrl": url}
    assert client("predict", MODEL, image, "--json").code == 0
    for path in client.files():
        assert not holds(path.read_bytes()), path
    assert client("predict", MODEL, image, "--json").code == 0
    assert len(api.paths(LISTING)) == 1
    # Files that have to be fetched again need their whole address.
    (package,) = client.cache.glob("hub/models/*/packages/onnxfp32")
    for kept in (client.cache / "hub/blobs", package):
        shutil.rmtree(kept)
    run = client("predict", MODEL, image, "--json")
    assert run.code == 0, run.stderr
    assert "warning" not in run.stderr
    assert len(api.paths(LISTING)) == 2
    # So do files whose sizes are wanted.
    described = client("describe", MODEL, "--pull-artefacts-size", "--json").json
    assert all(file["size_bytes"] for file in described["packages"][0]["files"])
    # Without an answer nothing is asked of half an address.
    shutil.rmtree(client.cache / "hub/blobs")
    shutil.rmtree(package)
    api.stop()
    run = client("predict", MODEL, image)
    assert run.error_kind == "unreachable"


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 418, 423, 429, 500, 503])
def test_a_key_is_in_no_error(client, api, image, status):
    api.answer = lambda handler: (handler.send(status, KEY.encode()), True)[1]
    run = client("predict", MODEL, image, "--log-level", "debug", env={"ROBOFLOW_API_KEY": KEY})
    assert run.code == 1
    assert not holds((run.stdout + run.stderr).encode())
    kinds = {401: "unauthorized", 402: "payment_required", 403: "forbidden", 404: "model_not_found"}
    kinds |= {423: "usage_paused", 429: "unreachable", 500: "unreachable", 503: "unreachable"}
    assert run.error_kind == kinds.get(status, "retrieval_failure")


@pytest.mark.parametrize(
    "handle",
    [
        "../escaped",
        "../../../escaped",
        "/tmp/escaped",
        "a/../../escaped",
        "a/./b",
        "",
        ".",
        "..",
        ".hidden",
        "a//b",
        "a\\..\\b",
        "a\x00b",
        "a\nb",
        "x" * 300,
        "a/b/c/d/e/f",
    ],
)
def test_file_handles_lead_nowhere_else(client, api, image, tmp_path, handle):
    api.packages[0].files[handle] = b"escaped"
    before = {path for path in tmp_path.rglob("*") if client.cache not in path.parents and path != client.cache}
    run = client("predict", MODEL, image)
    assert run.code != 0
    assert "onnxfp32" in run.stderr
    assert not api.paths("/files/")
    after = {path for path in tmp_path.rglob("*") if client.cache not in path.parents and path != client.cache}
    assert after == before


@pytest.mark.parametrize("package_id", ["../x", "/x", "", ".", "..", "a/b", ".x", "x" * 300, "a b", "a\x00b"])
def test_package_ids_lead_nowhere_else(client, api, image, package_id):
    api.packages[0].id = package_id
    run = client("predict", MODEL, image)
    assert run.code != 0
    assert not api.paths("/files/")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "/etc/passwd", "gopher://x", "", "http://"])
def test_only_http_is_downloaded_from(client, api, image, url):
    api.packages[0].listed["weights.onnx"] = {"downloadUrl": url}
    run = client("predict", MODEL, image)
    assert run.code != 0
    assert not api.paths("/files/onnxfp32/weights")


@pytest.mark.parametrize(
    "model_id",
    [
        "../../no-such-model",
        "/no/such/model",
        "a/../b",
        "./a",
        "a//b",
        "a/b/c/d/e",
        "a b",
        "a%2fb",
        ".a",
        "a/",
        "x" * 256,
    ],
)
def test_model_ids_lead_nowhere_else(client, api, image, model_id):
    for options in ([], ["--weights-provider", "roboflow"]):
        run = client("predict", model_id, image, *options)
        assert run.code in (1, 2)
        assert run.error_kind in ("model_not_found", "invalid_argument", "io_failure")
    assert not api.requests
    assert not client.cache.exists()


def test_a_model_config_of_the_provider_does_not_count(client, api, image):
    """It could name Python code, or another architecture."""
    api.packages[0].files["model_config.json"] = b'{"model_module": "evil.py", "model_class": "Evil"}'
    run = client("predict", MODEL, image, "--json")
    assert run.code == 0, run.stderr
    assert not api.paths("/files/onnxfp32/model_config.json")
    (config,) = client.cache.rglob("model_config.json")
    assert "evil" not in config.read_text()
