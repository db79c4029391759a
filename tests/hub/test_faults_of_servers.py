"""Loads by id from servers, and over networks, that make mistakes."""

import copy
import json
import shutil

import pytest
from support.fault_server import FaultServer
from support.faulty_loads import boxes, contents, inject, instead, raw, response
from support.weights_api import LISTING, Package, WeightsApi

FILES = ("class_names.txt", "inference_config.json", "weights.onnx")
PLACES = (LISTING, *(f"/files/onnxfp32/{name}" for name in FILES))
ONE_TRY = {"API_CALLS_MAX_TRIES": "1", "CHUNK_DOWNLOAD_MAX_ATTEMPTS": "1"}
PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in</body></html>"
ANY_REFUSAL = ("retrieval_failure", "no_usable_backend", "untrusted", "unsupported_model", "hash_mismatch",
               "corrupted_package", "unreachable")  # fmt: skip


def size_of_head(data):
    return data.index(b"\r\n\r\n") + 4


# --- Connections that end --------------------------------------------------------------------------------------------


@pytest.fixture
def sizes(loads):
    """By place: the bytes of the head and of all of a right answer."""
    seen = {}

    def note(handler):
        data = response(api, handler)
        seen[handler.path.split("?")[0]] = size_of_head(data), len(data)
        return False

    with loads.load() as load:
        api = load.api
        api.answer = note
        boxes(load())
    return seen


@pytest.mark.slow
def test_a_connection_that_is_cut_after_any_byte(loads, sizes):
    """In every part of the head and the body, at either end of each, and at each byte where the one meets the other."""
    points = []
    for place in PLACES:
        head, end = sizes[place]
        body = range(head, end, max((end - head) // 7, 1))
        cuts = {0, 1, 2, end - 1, *range(0, head, 11), *range(head - 6, head + 3), *body}
        points += [(place, cut) for cut in sorted(cuts) if cut < end]

    def check(load, point):
        place, cut = point
        cut_there = raw(lambda data: data[:cut])
        inject(load.api, place, cut_there, times=None)
        load.expect_failure(load(env=ONE_TRY), "unreachable")
        load.expect_nothing_wrong()
        inject(load.api, place, cut_there)
        assert boxes(load()) == loads.expected
        load.expect_recovery()

    assert loads.at_each(points, check, workers=10) > 120


# --- Statuses --------------------------------------------------------------------------------------------------------


def test_a_server_that_is_busy_and_recovers(loads):
    points = [
        (place, status, times)
        for place in (LISTING, "/files/onnxfp32/weights.onnx")
        for status in (429, 500, 503)
        for times in (1, 2)
    ]

    def check(load, point):
        place, status, times = point
        inject(load.api, place, instead(status, b"later", Retry_After="0"), times)
        assert boxes(load()) == loads.expected
        assert len(load.api.paths(place)) == times + 1
        load.expect_recovery()

    loads.at_each(points, check, workers=12)


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 410, 423, 429, 500, 503])
def test_a_server_that_refuses_for_good(loads, status):
    def check(load, place):
        inject(load.api, place, instead(status, PAGE, Retry_After="0"), times=None)
        load.expect_failure(load(env=ONE_TRY), "retrieval_failure", "unauthorized", "payment_required", "forbidden",
                            "model_not_found", "usage_paused", "unreachable")  # fmt: skip
        load.expect_recovery()

    loads.at_each(PLACES, check)


def test_addresses_that_have_expired_are_asked_for_anew(loads):
    """What providers hand out is valid for a short time, and listings are kept for a day."""
    with loads.load() as load:
        boxes(load())
        shutil.rmtree(load.package.parent)
        for blob in load.hub.glob("blobs/*"):
            blob.unlink()
        load.api.packages[0].listed = {
            name: {"downloadUrl": f"{load.api.url}/files/onnxfp32/{name}?signed=anew"} for name in FILES
        }
        load.api.answer = lambda handler: (
            handler.path.startswith("/files/") and "signed" not in handler.path and (handler.send(403, b""), True)[1]
        )
        assert boxes(load()) == loads.expected
        assert len(load.api.paths(LISTING)) == 2
        load.expect_recovery()


# --- Contents --------------------------------------------------------------------------------------------------------


def wrong_bytes(data):
    """As many, but the last one is another."""
    return data[:-1] + bytes([data[-1] ^ 1])


@pytest.mark.parametrize("name", FILES)
def test_a_wrong_hash_once(loads, name):
    with loads.load() as load:
        inject(load.api, f"/files/onnxfp32/{name}", raw(wrong_bytes))
        assert boxes(load()) == loads.expected
        load.expect_recovery()


@pytest.mark.parametrize("name", FILES)
def test_a_wrong_hash_always(loads, name):
    with loads.load() as load:
        inject(load.api, f"/files/onnxfp32/{name}", raw(wrong_bytes), times=None)
        run = load()
        load.expect_failure(run, "hash_mismatch")
        assert name in run.stderr
        load.expect_recovery()


def with_length(change):
    def changed(data):
        begin = data.index(b"Content-Length: ") + 16
        end = data.index(b"\r\n", begin)
        return data[:begin] + str(change(int(data[begin:end]))).encode() + data[end:]

    return raw(changed)


def test_a_wrong_length(loads):
    """A length that is too large reads as a connection that was cut; one that is too small cuts the rest off."""
    lengths = {"0": lambda _: 0, "1": lambda _: 1, "half": lambda size: size // 2, "less": lambda size: size - 1,
               "more": lambda size: size + 1, "double": lambda size: size * 2, "10 GB": lambda _: 10**10}  # fmt: skip
    points = [(place, name) for place in PLACES for name in lengths]

    def check(load, point):
        place, name = point
        fault = with_length(lengths[name])
        inject(load.api, place, fault, times=None)
        run = load(env=ONE_TRY)
        assert blocks(load.directory) < 1 << 20
        if run.code == 0:  # the range says how long the file is, and the rest is asked for
            assert boxes(run) == loads.expected
        else:
            load.expect_failure(run, "unreachable", "retrieval_failure", "hash_mismatch")
        load.expect_recovery()

    loads.at_each(points, check)


def blocks(directory):
    """Bytes of the disk that the files in it take."""
    return sum(path.lstat().st_blocks * 512 for path in directory.rglob("*"))


def without_ranges(change):
    """The same of a server that sends all of a file."""

    def answer(api, handler):
        del handler.headers["Range"]
        with_length(change)(api, handler)

    return answer


@pytest.mark.parametrize("huge", [10**10, 2**63, 10**30])
@pytest.mark.parametrize("way", ["sizeBytes", "Content-Length", "Content-Range"])
def test_a_huge_length_fills_no_disk(loads, way, huge):
    name = "weights.onnx"
    with loads.load() as load:
        if way == "sizeBytes":
            load.api.packages[0].listed = {name: {"sizeBytes": huge}}
        elif way == "Content-Length":
            inject(load.api, f"/files/onnxfp32/{name}", without_ranges(lambda _: huge), times=None)
        else:
            wrong = f"/{huge}\r\n".encode()
            right = f"/{len(loads.files[name])}\r\n".encode()
            inject(load.api, f"/files/onnxfp32/{name}", raw(lambda data: data.replace(right, wrong)), times=None)
        run = load(env=ONE_TRY)
        assert blocks(load.directory) < 1 << 20
        if run.code == 0:  # a length beyond all numbers is none, and the hash says that all is here
            assert (boxes(run), way, huge) == (loads.expected, "Content-Length", 10**30)
        else:
            load.expect_failure(run, "retrieval_failure", "unreachable", "no_usable_backend", "hash_mismatch")
        load.api.packages[0].listed = {}
        load.expect_recovery()


def test_a_web_page_in_its_place(loads):
    def check(load, place):
        inject(load.api, place, instead(200, PAGE, Content_Type="text/html; charset=utf-8"), times=None)
        run = load(env=ONE_TRY)
        load.expect_failure(run, "retrieval_failure", "hash_mismatch")
        assert any(word in run.stderr for word in ("HTML", "web page", place.rsplit("/", 1)[1])), run.stderr
        load.expect_recovery()

    loads.at_each(PLACES, check)


def test_an_empty_answer(loads):
    def check(load, place):
        inject(load.api, place, instead(200), times=None)
        load.expect_failure(load(env=ONE_TRY), "retrieval_failure", "hash_mismatch")
        load.expect_recovery()

    loads.at_each(PLACES, check)


# --- Redirects -------------------------------------------------------------------------------------------------------


def test_a_loop_of_redirects(loads):
    def check(load, place):
        inject(load.api, place, lambda api, handler: handler.send(302, b"", Location=handler.path), times=None)
        load.expect_failure(load(), "retrieval_failure")
        assert len(load.api.paths(place)) < 20
        load.expect_recovery()

    loads.at_each(PLACES, check)


def test_a_redirect_to_another_host(loads):
    """It serves what was asked for, and never sees the key."""

    def check(load, place):
        with WeightsApi(load.api.model_id, load.api.packages).running() as other:
            url = other.url.replace("127.0.0.1", "localhost")
            inject(load.api, place, lambda api, handler: handler.send(307, b"", Location=url + handler.path), None)
            other.url = load.api.url  # where what it lists lies
            assert boxes(load(env={"ROBOFLOW_API_KEY": "secret-key"})) == loads.expected
            assert len(other.paths(place)) == 1
            assert "secret-key" not in str(other.requests)
        assert not [path for path, data in contents(load.directory).items() if b"secret-key" in data]
        load.expect_recovery()

    loads.at_each(PLACES, check)


# --- JSON that makes no sense ----------------------------------------------------------------------------------------


def nested(bracket):
    return bracket * 100_000


HOSTILE = {
    "brackets": nested(b"["),
    "closed brackets": nested(b"[") + nested(b"]"),
    "objects": nested(b'{"modelMetadata":'),
    "nested within": b'{"modelMetadata": {"type": "external-model-metadata-v1", "modelPackages": '
    + nested(b"[")
    + b"}}",
    "64 MiB of spaces": b" " * (64 << 20),
    "64 MiB of text": b'{"modelMetadata": "' + b"x" * (64 << 20) + b'"}',
    "a key twice": b'{"modelMetadata": {}, "modelMetadata": {}}',
    "no UTF-8": b'{"modelMetadata": "\xff\xfe"}',
    "zeros": bytes(1000),
    "a number": b"1e999999",
    "text": b'"modelMetadata"',
    "null": b"null",
    "an error": b'{"error": "the model is being trained"}',
}


def test_json_that_is_hostile(loads):
    def check(load, name):
        body = HOSTILE[name]
        inject(load.api, LISTING, instead(200, body, Content_Type="application/json"), times=None)
        load.expect_failure(load(env=ONE_TRY), "retrieval_failure")
        assert blocks(load.directory) < 1 << 20
        load.expect_recovery()

    loads.at_each(HOSTILE, check, workers=3)


def places_in(value, place=()):
    if place:
        yield place
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from places_in(member, (*place, name))


VALUES = {"null": None, "a number": -1.5, "a text": "../../x", "a list": [[]], "an object": {"x": {}}, "true": True}


@pytest.mark.slow
def test_every_member_of_a_listing_with_every_type(loads):
    """What makes no sense is refused or left out; what makes sense after all is used. A listing that was refused for
    what it says is not what the next load goes by."""
    with loads.load() as load:
        listing = load.api.metadata(None)
    points = [(place, name) for place in places_in(listing) for name in VALUES]

    def check(load, point):
        place, name = point
        listing = load.api.metadata(None)
        member = listing
        for step in place[:-1]:
            member = member[step]
        member[place[-1]] = copy.deepcopy(VALUES[name])
        inject(load.api, LISTING, instead(200, json.dumps(listing).encode()), times=None)
        run = load(env=ONE_TRY)
        if run.code == 0:
            assert boxes(run) == loads.expected
            load.expect_nothing_wrong()
        else:
            load.expect_failure(run, *ANY_REFUSAL)
            load.expect_recovery()

    assert loads.at_each(points, check) > 150


def test_unknown_types_beside_a_good_package(loads):
    with loads.load() as load:
        good = load.api.packages[0]
        strange = [
            Package("a-format", good.files, manifest={"type": "quantum-model-package-v7", "backendType": "quantum"}),
            Package("b-opset", good.files, manifest={"opset": "new"}),
        ]
        load.api.packages = [*strange, good]
        assert boxes(load()) == loads.expected
        described = load("describe", load.api.model_id, "--json").json
        assert [package["id"] for package in described["packages"]] == ["onnxfp32"]
        for package in strange:
            assert [note for note in described["notes"] if package.id in note], described["notes"]
        load.api.packages = [good]
        load.expect_recovery()


# --- Certificates ----------------------------------------------------------------------------------------------------


def test_a_self_signed_certificate(loads, certificate):
    with loads.load() as load, FaultServer(certificate) as secure:
        load.api.url = secure.url("")
        secure.add(LISTING, json.dumps(load.api.metadata(None)).encode())
        for name, data in loads.files.items():
            secure.add(f"/files/onnxfp32/{name}", data)
        load.client.url = secure.url("")
        run = load()
        load.expect_failure(run, "retrieval_failure")
        for variable in ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
            assert variable in run.hint
        assert not secure.requests
        load.expect_nothing_wrong()
        assert boxes(load(env={"SSL_CERT_FILE": str(certificate[0])})) == loads.expected
        load.expect_nothing_wrong()


@pytest.fixture(autouse=True)
def no_certificates(monkeypatch):
    for name in ("CURL_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
