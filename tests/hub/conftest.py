"""What the tests of the hub share: our own hub, the library's own code through ctypes, and a server with faults."""

import ctypes
import json
import shutil
import subprocess

import pytest
from support.fault_server import FaultServer
from support.faulty_loads import Loads
from support.models_by_id import hub_serving


class HubForTests:
    """Each call returns what it gave as a dictionary; `error` in it is the Error that it threw."""

    def __init__(self, path):
        self._library = ctypes.CDLL(str(path))
        for name in ("testing_download", "testing_http_get"):
            getattr(self._library, name).restype = ctypes.c_void_p

    def _call(self, name, arguments):
        text = getattr(self._library, name)(json.dumps(arguments).encode())
        try:
            return json.loads(ctypes.string_at(text))
        finally:
            self._library.testing_free_text(ctypes.c_void_p(text))

    def download(self, files, **rules):
        return self._call("testing_download", {"files": files, **rules})

    def get(self, url, **request):
        return self._call("testing_http_get", {"url": url, **request})


@pytest.fixture(scope="session")
def testing_library(build_dir):
    path = build_dir / "lib" / "libinference_models_testing.so"
    if not path.is_file():
        pytest.skip(f"{path} is not built")
    return path


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    """The servers are on this machine."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def hub(testing_library):
    return HubForTests(testing_library)


@pytest.fixture
def server():
    with FaultServer() as running:
        yield running


@pytest.fixture
def other_server():
    with FaultServer() as running:
        yield running


@pytest.fixture
def served_hub(build_dir, folder):
    with hub_serving(build_dir / "bin/inference-models", folder) as hub:
        yield hub


@pytest.fixture
def loads(program, build_dir, folder, image, tmp_path):
    return Loads(program, build_dir, folder, image, tmp_path)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """Self-signed, and its key."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    directory = tmp_path_factory.mktemp("certificate")
    files = directory / "certificate.pem", directory / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
        + ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-out", files[0], "-keyout", files[1]],
        check=True,
        capture_output=True,
    )
    return files
