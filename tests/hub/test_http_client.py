"""Requests over HTTP: redirects and what is sent where, limits, certificates, what errors say."""

import gzip
import os
import shutil
import socket
import subprocess
import sys

import pytest
from support.fault_server import Answer, Cut, Endless, FaultServer, Stall

KEY = "rf_secret_key"


def redirect(to, status=302):
    return Answer(status, headers={"Location": to})


def error_of(result, kind):
    assert result.get("error", {}).get("kind") == kind, result
    whole = " ".join(result["error"].values())
    assert KEY not in whole
    assert "signature" not in whole
    return result["error"]


def test_answers_whatever_the_status(hub, server):
    server.add("/things", always=Answer(418, b"short and stout", {"X-Kind": "pot"}))
    result = hub.get(server.url("/things?signature=1"), headers=[["X-Mine", "yes"]], bearer_key=KEY)
    assert result["status"] == 418
    assert result["body"] == "short and stout"
    assert result["headers"]["x-kind"] == "pot"
    [request] = server.requests
    assert request.path == "/things?signature=1"
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.headers["X-Mine"] == "yes"
    assert request.headers["User-Agent"].startswith("inference_models/")


def test_undoes_compression(hub, server):
    text = b"much of the same " * 1000
    server.add("/zipped", always=Answer(200, gzip.compress(text), {"Content-Encoding": "gzip"}))
    assert hub.get(server.url("/zipped"))["body"] == text.decode()


@pytest.mark.parametrize("zipped", [False, True])
def test_takes_no_more_than_allowed(hub, server, zipped):
    body = bytes(100_001)
    headers = {"Content-Encoding": "gzip"} if zipped else {}
    server.add("/large", always=Answer(200, gzip.compress(body) if zipped else body, headers))
    assert hub.get(server.url("/large"), most_bytes=100_001)["status"] == 200
    error = error_of(hub.get(server.url("/large?signature=1"), most_bytes=100_000), "retrieval_failure")
    assert "100000 bytes" in error["message"]


def test_endless_body_ends(hub, server):
    server.add("/endless", always=Endless())
    error_of(hub.get(server.url("/endless")), "retrieval_failure")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_at_the_same_origin_keeps_the_key(hub, server, status):
    server.add("/from", always=redirect("to?x=1", status))
    server.add("/to", b"here")
    assert hub.get(server.url("/from"), bearer_key=KEY, headers=[["X-Mine", "1"]])["body"] == "here"
    assert [request.path for request in server.requests] == ["/from", "/to?x=1"]
    assert server.requests[1].headers["Authorization"] == f"Bearer {KEY}"
    assert server.requests[1].headers["X-Mine"] == "1"


@pytest.mark.parametrize("other_host", [False, True])
def test_redirect_to_another_origin_drops_key_and_headers(hub, server, other_server, other_host):
    """Another port, or another name of the same machine at the same port."""
    target = server.url("/to", host="localhost") if other_host else other_server.url("/to")
    server.add("/from", always=redirect(target))
    for each in (server, other_server):
        each.add("/to", b"here")
    assert hub.get(server.url("/from"), bearer_key=KEY, headers=[["X-Mine", "1"]])["body"] == "here"
    assert "Authorization" in server.requests[0].headers
    asked = (server.requests + other_server.requests)[1]
    assert asked.path == "/to"
    assert "Authorization" not in asked.headers
    assert "X-Mine" not in asked.headers


def test_key_comes_back_only_with_its_origin(hub, server, other_server):
    server.add("/from", always=redirect(other_server.url("/on")))
    other_server.add("/on", always=redirect(server.url("/to")))
    server.add("/to", b"here")
    assert hub.get(server.url("/from"), bearer_key=KEY)["body"] == "here"
    assert "Authorization" not in other_server.requests[0].headers
    assert server.requests[1].headers["Authorization"] == f"Bearer {KEY}"


def test_five_redirects_and_no_more(hub, server):
    for step in range(7):
        server.add(f"/{step}", always=redirect(f"/{step + 1}"))
    server.add("/7", b"here")
    assert hub.get(server.url("/2"))["body"] == "here"
    server.forget_requests()
    error = error_of(hub.get(server.url("/1?signature=1")), "retrieval_failure")
    assert "more than 5 times" in error["message"]
    assert len(server.requests) == 6


def test_redirect_loop_ends(hub, server):
    server.add("/loop", always=redirect("/loop?signature=1"))
    error_of(hub.get(server.url("/loop")), "retrieval_failure")
    assert len(server.requests) == 6


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1:1/x", "http://"])
def test_other_protocols_are_refused(hub, server, target):
    server.add("/from", always=redirect(target))
    error_of(hub.get(server.url("/from")), "retrieval_failure")
    error_of(hub.get(target), "retrieval_failure")


def test_redirect_without_a_place_is_an_answer(hub, server):
    server.add("/from", always=Answer(302))
    assert hub.get(server.url("/from"))["status"] == 302


@pytest.mark.parametrize(
    "fault", [Cut(at_once=True), Cut(within_headers=True), Cut(after=0), Cut(after=5), Stall(after=3), Stall()]
)
def test_no_whole_answer_is_unreachable(hub, server, fault):
    server.add("/things", b"0123456789", always=fault)
    error = error_of(hub.get(server.url("/things?signature=1"), timeout_ms=300, bearer_key=KEY), "unreachable")
    assert server.url("/things") in error["message"]
    assert "OFFLINE_MODE" in error["hint"]


def test_nobody_listens(hub):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/x?signature=1"
        error_of(hub.get(url), "unreachable")


def test_unknown_host(hub):
    error = error_of(hub.get("http://nowhere.invalid/x?signature=1"), "unreachable")
    assert "nowhere.invalid" in error["message"]


@pytest.mark.parametrize(
    "text", ["", "no url", "user:rf_secret_key@host", "file:///etc/passwd", f"http://me:{KEY}@:bad:/x?signature=2"]
)
def test_what_is_no_url(hub, text):
    error_of(hub.get(text), "retrieval_failure")


def test_password_in_a_url_is_not_shown(hub, server):
    server.add("/things", always=Cut(at_once=True))
    url = server.url("/things?signature=1").replace("http://", f"http://me:{KEY}@")
    error_of(hub.get(url), "unreachable")


@pytest.mark.parametrize(
    "arguments",
    [
        {"bearer_key": KEY + "\r\nX-Other: 1"},
        {"headers": [["X-Mine", "1\r\nX-Other: 1"]]},
        {"headers": [["X-Mine: 1\r\nX-Other", "1"]]},
        {"headers": [["", "1"]]},
    ],
)
def test_headers_cannot_be_smuggled_in(hub, server, arguments):
    error_of(hub.get(server.url("/things"), **arguments), "invalid_argument")
    assert server.requests == []


def test_proxy_of_the_environment(hub, server, monkeypatch):
    """A proxy is asked for the whole URL."""
    monkeypatch.setenv("http_proxy", server.url(""))
    server.add("/things", b"by proxy")
    assert hub.get("http://somewhere.invalid/things")["body"] == "by proxy"
    assert server.requests[0].path == "http://somewhere.invalid/things"


@pytest.fixture
def no_certificates(monkeypatch):
    for name in ("CURL_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def secure_server(certificate, no_certificates):
    with FaultServer(certificate) as running:
        yield running


def test_self_signed_certificate_is_refused(hub, secure_server):
    secure_server.add("/things", b"secret")
    error = error_of(hub.get(secure_server.url("/things"), bearer_key=KEY), "retrieval_failure")
    assert "certificate" in error["message"]
    assert "SSL_CERT_FILE" in error["hint"]
    assert secure_server.requests == []


@pytest.mark.parametrize("variable", ["CURL_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_certificate_that_the_environment_trusts(hub, secure_server, certificate, variable, monkeypatch):
    secure_server.add("/things", b"secret")
    monkeypatch.setenv(variable, str(certificate[0]))
    assert hub.get(secure_server.url("/things"))["body"] == "secret"


def test_certificate_in_a_trusted_directory(hub, secure_server, certificate, monkeypatch, tmp_path):
    secure_server.add("/things", b"secret")
    command = ["openssl", "x509", "-hash", "-noout", "-in", certificate[0]]
    name = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    shutil.copy(certificate[0], tmp_path / f"{name}.0")
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert hub.get(secure_server.url("/things"))["body"] == "secret"


def test_missing_bundle_is_named(hub, secure_server, monkeypatch, tmp_path):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "missing.pem"))
    error = error_of(hub.get(secure_server.url("/things")), "retrieval_failure")
    assert "SSL_CERT_FILE" in error["hint"]


def test_never_from_https_to_http(hub, secure_server, server, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    secure_server.add("/from", always=redirect(server.url("/to?signature=1")))
    server.add("/to", b"here")
    error = error_of(hub.get(secure_server.url("/from")), "retrieval_failure")
    assert "https to" in error["message"]
    assert server.requests == []


GET = """
import sys
sys.path.insert(0, sys.argv[1])
from hub.conftest import HubForTests
print(HubForTests(sys.argv[2]).get(sys.argv[3]))
"""


@pytest.mark.parametrize("library", ["missing.so", "libc.so.6"])
def test_without_libcurl(testing_library, server, library, pytestconfig):
    """In a process of its own: where libcurl was opened once, it stays."""
    server.add("/things", b"here")
    arguments = [sys.executable, "-c", GET, pytestconfig.rootpath / "tests", testing_library, server.url("/things")]

    def output(**environment):
        environment = os.environ | environment
        return subprocess.run(arguments, env=environment, check=True, capture_output=True, text=True).stdout

    said = output(INFERENCE_MODELS_CURL_LIBRARY=library)
    assert "retrieval_failure" in said
    assert "apt-get install libcurl4" in said
    assert library in said
    assert "'status': 200" in output(INFERENCE_MODELS_CURL_LIBRARY="libcurl.so.4")
