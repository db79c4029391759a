"""Downloads against a server that makes mistakes, and processes that are killed. What arrives is compared with what the
server holds, and what was asked for with the server's own record."""

import hashlib
import json
import random
import re
import shutil
import subprocess
import sys
import time

import pytest
from support.fault_server import (
    Answer,
    Cut,
    Endless,
    FaultServer,
    IgnoreRange,
    OtherContent,
    Slowly,
    Stall,
    WrongLength,
)

MEBIBYTE = 1 << 20
SMALL = random.Random(1).randbytes(100_003)
OTHER = random.Random(2).randbytes(100_003)
PAGE = b"<html>Please log in</html>"
ETAG = {"ETag": '"one"'}


def hashes(content):
    return {"md5": hashlib.md5(content).hexdigest(), "sha256": hashlib.sha256(content).hexdigest()}


@pytest.fixture(scope="session")
def large():
    return random.Random(3).randbytes(40 * MEBIBYTE)


@pytest.fixture
def target(tmp_path):
    return tmp_path / "weights.onnx"


def wanted(server, target, content=SMALL, path="/weights.onnx", **more):
    file = {"url": server.url(path), "target": str(target), "name": target.name, **hashes(content), **more}
    return {name: value for name, value in file.items() if value is not None}


def without_hash(server, target, **more):
    return wanted(server, target, md5=None, sha256=None, **more)


def expect_whole(result, target, content=SMALL):
    assert "error" not in result, result["error"]
    assert result["files"] == [{**hashes(content), "size": len(content)}]
    assert target.read_bytes() == content
    assert [path.name for path in target.parent.iterdir()] == [target.name], "nothing else is left"


def expect_error(result, kind, target):
    assert result.get("error", {}).get("kind") == kind, result
    assert not target.exists()
    assert "signature" not in " ".join(result["error"].values())
    return result["error"]


def ranges(server):
    return [request.headers.get("Range") for request in server.requests]


# --- Whole files


@pytest.mark.parametrize("size", [0, 1, 99_999])
@pytest.mark.parametrize("kind", ["ranges", "no ranges", "chunked", "without a length"])
def test_file_arrives(hub, server, target, size, kind):
    content = SMALL[:size]
    always = WrongLength(None) if kind == "without a length" else None
    server.add("/weights.onnx", content, ranges=kind == "ranges", chunked=kind == "chunked", always=always)
    result = hub.download([wanted(server, target, content)])
    expect_whole(result, target, content)
    assert result["last_report"] == [size, size]
    assert "Authorization" not in server.requests[0].headers


def test_many_files_at_once(hub, server, tmp_path):
    contents = {f"file_{index}": SMALL[index:] for index in range(20)}
    for name, content in contents.items():
        server.add(f"/{name}", content, faults=[Cut(after=10)])
    files = [wanted(server, tmp_path / name, content, f"/{name}") for name, content in contents.items()]
    result = hub.download(files)
    assert [file["sha256"] for file in result["files"]] == [hashes(each)["sha256"] for each in contents.values()]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == contents


def test_no_files_at_all(hub):
    assert hub.download([])["files"] == []


def test_large_file_comes_in_parallel_ranges(hub, server, target, large):
    server.add("/weights.onnx", large, headers=ETAG)
    expect_whole(hub.download([wanted(server, target, large)]), target, large)
    middle = len(large) // 2
    assert ranges(server) == ["bytes=0-", f"bytes={middle}-{len(large) - 1}"]
    assert server.requests[1].headers["If-Range"] == '"one"'


def test_below_the_threshold_there_is_one_stream(hub, server, target, large):
    content = large[: 32 * MEBIBYTE - 1]
    server.add("/weights.onnx", content)
    expect_whole(hub.download([wanted(server, target, content)]), target, content)
    assert ranges(server) == ["bytes=0-"]


def test_large_file_from_a_server_without_ranges(hub, server, target, large):
    server.add("/weights.onnx", large, ranges=False)
    expect_whole(hub.download([wanted(server, target, large)]), target, large)
    assert len(server.requests) == 1


# --- Connections that break


@pytest.mark.parametrize("after", [0, 1, 2, 1000, len(SMALL) // 2, len(SMALL) - 1, len(SMALL)])
@pytest.mark.parametrize("chunked", [False, True])
def test_goes_on_where_the_connection_was_cut(hub, server, target, after, chunked):
    server.add("/weights.onnx", SMALL, faults=[Cut(after=after)], headers=ETAG, chunked=chunked)
    expect_whole(hub.download([wanted(server, target)]), target)
    if chunked and after == len(SMALL):
        assert ranges(server)[:1] == ["bytes=0-"]  # all is here, but nobody said so
    elif after < len(SMALL):
        asked = re.match(r"bytes=(\d+)-", ranges(server)[1])
        assert int(asked[1]) == after
        assert server.requests[1].headers.get("If-Range") == ('"one"' if after else None)


@pytest.mark.parametrize("seed", range(10))
def test_many_cuts(hub, server, target, seed):
    """More than there are tries: each brings something."""
    chance = random.Random(seed)
    cuts = [Cut(after=chance.randrange(1, 9000)) for _ in range(10)]
    server.add("/weights.onnx", SMALL, faults=cuts)
    expect_whole(hub.download([wanted(server, target)], tries=2), target)
    assert server.body_bytes_sent() == len(SMALL), "no byte was sent twice"


@pytest.mark.parametrize("fault", [Cut(at_once=True), Cut(within_headers=True), Cut(after=0)])
def test_gives_up_after_the_last_try(hub, server, target, fault):
    server.add("/weights.onnx", SMALL, always=fault)
    error = expect_error(hub.download([wanted(server, target)], tries=4), "unreachable", target)
    assert "4 attempts" in error["message"]
    assert "weights.onnx" in error["message"]
    assert len(server.requests) == 4


def test_nobody_listens(hub, target):
    with FaultServer() as gone:
        file = wanted(gone, target)
    expect_error(hub.download([file]), "unreachable", target)


@pytest.mark.parametrize("after", [0, 70_000])
def test_silence_counts_as_failure(hub, server, target, after):
    server.add("/weights.onnx", SMALL, faults=[Stall(after=after)])
    expect_whole(hub.download([wanted(server, target)], stall_timeout_ms=150), target)
    server.add("/weights.onnx", SMALL, always=Stall(after=after))
    target.unlink()
    error = expect_error(hub.download([wanted(server, target)], stall_timeout_ms=100, tries=1), "unreachable", target)
    assert "sent nothing for 100 ms" in error["message"]


def test_slow_is_not_silent(hub, server, target):
    """Longer on its way than the time of silence that is borne."""
    server.add("/weights.onnx", SMALL[:20], always=Slowly(piece=1, pause=0.05))
    content = SMALL[:20]
    expect_whole(hub.download([wanted(server, target, content)], stall_timeout_ms=700, tries=1), target, content)


def test_cuts_in_parallel_ranges(hub, server, target, large):
    server.add("/weights.onnx", large, headers=ETAG, faults=[Cut(after=n * MEBIBYTE) for n in (3, 5, 7, 0, 2)])
    expect_whole(hub.download([wanted(server, target, large)]), target, large)


# --- Answers that are no file


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_server_that_recovers(hub, server, target, status):
    server.add("/weights.onnx", SMALL, faults=[Answer(status, b"x" * 1000)] * 3)
    expect_whole(hub.download([wanted(server, target)]), target)


def test_server_that_does_not_recover(hub, server, target):
    server.add("/weights.onnx", SMALL, always=Answer(503))
    error = expect_error(hub.download([wanted(server, target)]), "unreachable", target)
    assert "503" in error["message"]
    assert len(server.requests) == 5


def test_comes_back_when_the_server_wishes(hub, server, target):
    server.add("/weights.onnx", SMALL, faults=[Answer(503, headers={"Retry-After": "1"})])
    expect_whole(hub.download([wanted(server, target)]), target)
    first, second = server.requests
    assert second.time - first.time >= 0.95


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 451, 501])
def test_refusals(hub, server, target, status):
    server.add("/weights.onnx", SMALL, always=Answer(status, PAGE))
    file = wanted(server, target) | {"url": server.url("/weights.onnx?signature=1")}
    error = expect_error(hub.download([file]), "retrieval_failure", target)
    assert str(status) in error["message"]
    assert ("expired" in error["hint"]) == (status in (403, 404, 410))
    assert len(server.requests) == 1


def test_redirects(hub, server, other_server, target):
    server.add("/weights.onnx", always=Answer(302, headers={"Location": "/next"}))
    server.add("/next", always=Answer(307, headers={"Location": other_server.url("/file")}))
    other_server.add("/file", SMALL, faults=[Cut(after=100)])
    expect_whole(hub.download([wanted(server, target)]), target)
    assert not any("Authorization" in request.headers for request in server.requests + other_server.requests)


def test_redirect_loop(hub, server, target):
    server.add("/weights.onnx", always=Answer(302, headers={"Location": "/weights.onnx?signature=1"}))
    error = expect_error(hub.download([wanted(server, target)]), "retrieval_failure", target)
    assert "more than 5 times" in error["message"]
    assert len(server.requests) == 6


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://127.0.0.1/x", "/etc/hostname", ""])
def test_other_protocols_are_refused(hub, server, target, url):
    expect_error(hub.download([wanted(server, target) | {"url": url}]), "retrieval_failure", target)
    server.add("/weights.onnx", always=Answer(302, headers={"Location": url or "file:///etc/hostname"}))
    expect_error(hub.download([wanted(server, target)]), "retrieval_failure", target)


def test_web_page_in_place_of_a_file(hub, server, target):
    server.add("/weights.onnx", PAGE, headers={"Content-Type": "text/html; charset=utf-8"})
    for file in (
        wanted(server, target),
        wanted(server, target, size=len(SMALL)),
        without_hash(server, target),
    ):
        error = expect_error(hub.download([file], allow_files_without_hash=True), "retrieval_failure", target)
        assert "web page" in error["message"]
    expect_whole(hub.download([wanted(server, target, PAGE)]), target, PAGE)  # it is what it must be


# --- Hashes and sizes


def test_wrong_hash_once(hub, server, target):
    server.add("/weights.onnx", SMALL, faults=[OtherContent(OTHER)])
    expect_whole(hub.download([wanted(server, target)]), target)
    assert ranges(server) == ["bytes=0-", "bytes=0-"]


@pytest.mark.parametrize("known", [["md5"], ["sha256"], ["md5", "sha256"]])
def test_wrong_hash_always(hub, server, target, known):
    server.add("/weights.onnx", OTHER)
    file = wanted(server, target)
    file = {name: value for name, value in file.items() if name not in hashes(b"") or name in known}
    error = expect_error(hub.download([file]), "hash_mismatch", target)
    assert hashes(OTHER)[known[-1]] in error["message"]
    assert hashes(SMALL)[known[-1]] in error["message"]
    assert list(target.parent.iterdir()) == []
    assert len(server.requests) == 2
    result = hub.download([file], verify_hash=False)
    assert result["files"] == [{**hashes(OTHER), "size": len(OTHER)}]


def test_hash_in_upper_case(hub, server, target):
    server.add("/weights.onnx", SMALL)
    file = wanted(server, target)
    expect_whole(hub.download([file | {"md5": file["md5"].upper(), "sha256": file["sha256"].upper()}]), target)


def test_without_a_hash(hub, server, target):
    server.add("/weights.onnx", SMALL)
    error = expect_error(hub.download([without_hash(server, target)]), "untrusted", target)
    assert "weights.onnx" in error["message"]
    assert "download_files_without_hash" in error["hint"]
    assert server.requests == []
    expect_whole(hub.download([without_hash(server, target)], allow_files_without_hash=True), target)


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("size", [len(SMALL) - 1, len(SMALL) + 1])
def test_another_size_than_described(hub, server, target, size, chunked):
    server.add("/weights.onnx", SMALL, chunked=chunked)
    expect_error(hub.download([wanted(server, target, size=size)]), "retrieval_failure", target)


def test_ten_gigabytes_are_refused_before_anything_is_written(hub, server, target):
    server.add("/weights.onnx", SMALL, always=WrongLength(10**10), ranges=False)
    error = expect_error(hub.download([wanted(server, target, size=len(SMALL))]), "retrieval_failure", target)
    assert "10000000000" in error["message"]
    assert list(target.parent.iterdir()) == []
    error = expect_error(hub.download([wanted(server, target)], most_bytes=10**9), "retrieval_failure", target)
    assert list(target.parent.iterdir()) == []


def test_more_than_is_free_on_the_disk(hub, server, target):
    server.add("/weights.onnx", SMALL, always=WrongLength(10**17), ranges=False)
    error = expect_error(hub.download([wanted(server, target)], most_bytes=10**18), "io_failure", target)
    assert "No space left on device" in error["message"]
    assert str(target.parent) in error["message"]
    assert str(10**17) in error["message"]
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("size", [None, 1_000_000])
def test_endless_body(hub, server, target, size):
    server.add("/weights.onnx", always=Endless())
    file = wanted(server, target, size=size)
    expect_error(hub.download([file], most_bytes=2_000_000), "retrieval_failure", target)
    assert sum(path.stat().st_size for path in target.parent.iterdir()) < 3_000_000


def test_length_that_is_too_short(hub, server, target):
    """What was claimed arrives, and is not the file."""
    server.add("/weights.onnx", SMALL, faults=[WrongLength(1000)], ranges=False)
    expect_whole(hub.download([wanted(server, target)]), target)
    target.unlink()
    server.add("/weights.onnx", SMALL, always=WrongLength(1000), ranges=False)
    expect_error(hub.download([wanted(server, target)]), "hash_mismatch", target)


def test_length_that_is_too_long(hub, server, target):
    server.add("/weights.onnx", SMALL, faults=[WrongLength(len(SMALL) + 1000)], ranges=False)
    expect_whole(hub.download([wanted(server, target)]), target)
    target.unlink()
    server.add("/weights.onnx", SMALL, always=WrongLength(len(SMALL) + 1000), ranges=False)
    expect_error(hub.download([wanted(server, target)]), "unreachable", target)


@pytest.mark.parametrize("answered", ["bytes 5-9/100003", "bytes 0-9/5", "bytes -1-9/10", "lines 0-9/10", "", None])
def test_ranges_that_make_no_sense(hub, server, target, answered):
    headers = {} if answered is None else {"Content-Range": answered}
    server.add("/weights.onnx", always=Answer(206, SMALL[:10], headers))
    expect_error(hub.download([wanted(server, target)]), "retrieval_failure", target)


def test_ranges_shorter_than_asked(hub, server, target):
    """Some servers give at most so much at once."""
    most = 7000

    def some(request):
        begin = int(re.match(r"bytes=(\d+)-", request.headers["Range"])[1])
        piece = SMALL[begin : begin + most]
        place = f"bytes {begin}-{begin + len(piece) - 1}/{len(SMALL)}"
        return Answer(206, piece, {"Content-Range": place})

    server.add("/weights.onnx", answer=some)
    expect_whole(hub.download([wanted(server, target)], tries=1), target)


# --- Files that change, servers that do not resume


@pytest.mark.parametrize("validator", ["ETag", "Last-Modified", "weak ETag"])
@pytest.mark.parametrize("hash_is_known", [False, True])
def test_file_that_changes_between_attempts(hub, server, target, validator, hash_is_known):
    """The second attempt meets another file of the same size: nothing of the first may be in the result."""
    before, after = {
        "ETag": ({"ETag": '"old"'}, {"ETag": '"new"'}),
        "Last-Modified": (
            {"Last-Modified": "Mon, 02 Feb 2026 10:00:00 GMT"},
            {"Last-Modified": "Tue, 03 Feb 2026 10:00:00 GMT"},
        ),
        "weak ETag": ({"ETag": 'W/"old"'}, {"ETag": 'W/"new"'}),
    }[validator]
    server.add("/weights.onnx", SMALL, headers=after, faults=[OtherContent(OTHER, before, cut_after=50_000)])
    file = wanted(server, target) if hash_is_known else without_hash(server, target)
    expect_whole(hub.download([file], allow_files_without_hash=True), target)
    assert ranges(server) == ["bytes=0-", f"bytes=50000-{len(SMALL) - 1}", "bytes=0-"]


def test_file_that_changes_between_calls(hub, server, target):
    server.add("/weights.onnx", OTHER, headers={"ETag": '"old"'}, always=Stall(after=50_000))
    file = without_hash(server, target)
    result = hub.download([file], allow_files_without_hash=True, cancel_at_bytes=50_000)
    assert result["error"]["kind"] == "cancelled"
    server.add("/weights.onnx", SMALL, headers={"ETag": '"new"'})
    server.forget_requests()
    expect_whole(hub.download([file], allow_files_without_hash=True), target)
    assert server.requests[0].headers["If-Range"] == '"old"'


def test_large_file_that_changes_between_its_ranges(hub, server, target, large):
    """The first range is of the old file, the second of the new one."""
    old = OtherContent(bytes(len(large)), {"ETag": '"old"'}, cut_after=len(large) // 2 + 1)
    server.add("/weights.onnx", large, headers={"ETag": '"new"'}, faults=[old])
    file = without_hash(server, target)
    expect_whole(hub.download([file], allow_files_without_hash=True), target, large)


def test_without_hash_and_validator_a_later_call_begins_again(hub, server, target):
    server.add("/weights.onnx", OTHER, always=Stall(after=50_000))
    file = without_hash(server, target)
    hub.download([file], allow_files_without_hash=True, cancel_at_bytes=50_000)
    server.add("/weights.onnx", SMALL)
    expect_whole(hub.download([file], allow_files_without_hash=True), target)


def test_server_that_ignores_ranges(hub, server, target):
    server.add("/weights.onnx", SMALL, faults=[Cut(after=70_000), IgnoreRange()], headers=ETAG)
    expect_whole(hub.download([wanted(server, target)]), target)


def test_server_that_never_lets_anybody_go_on_ends(hub, server, target):
    server.add("/weights.onnx", SMALL, always=Cut(after=1000), ranges=False)
    expect_error(hub.download([wanted(server, target)]), "unreachable", target)
    assert len(server.requests) < 20


def test_same_size_other_content_after_a_cut_without_validators(hub, server, target):
    """Only the hash can tell; then it is fetched from its beginning."""
    server.add("/weights.onnx", OTHER, always=Stall(after=50_000))
    hub.download([wanted(server, target)], cancel_at_bytes=50_000)
    server.add("/weights.onnx", SMALL)
    server.forget_requests()
    expect_whole(hub.download([wanted(server, target)]), target)
    assert ranges(server) == [f"bytes=50000-{len(SMALL) - 1}", "bytes=0-"]


# --- From one call to the next


def interrupt(hub, server, target, content=SMALL, done=60_000, **file):
    """A download that was cancelled, of which so much has arrived."""
    server.add("/weights.onnx", content, always=Stall(after=done), headers=ETAG)
    result = hub.download([wanted(server, target, content, **file)], cancel_at_bytes=done)
    assert result["error"]["kind"] == "cancelled"
    assert not target.exists()
    server.add("/weights.onnx", content, headers=ETAG)
    server.forget_requests()


def test_later_call_goes_on(hub, server, target):
    interrupt(hub, server, target)
    assert sorted(path.name for path in target.parent.iterdir()) == ["weights.onnx.part", "weights.onnx.progress"]
    expect_whole(hub.download([wanted(server, target)]), target)
    assert ranges(server) == [f"bytes=60000-{len(SMALL) - 1}"]


def test_whole_part_is_not_fetched_again(hub, server, target):
    """The process ended after the last byte and before the file appeared."""
    interrupt(hub, server, target)
    journal = target.with_name("weights.onnx.progress")
    told = json.loads(journal.read_text()) | {"done": [[0, len(SMALL)]]}
    target.with_name("weights.onnx.part").write_bytes(SMALL)
    journal.write_text(json.dumps(told))
    expect_whole(hub.download([wanted(server, target)]), target)
    assert server.requests == []


def test_large_file_goes_on_in_ranges(hub, server, target, large):
    interrupt(hub, server, target, large, done=MEBIBYTE)
    expect_whole(hub.download([wanted(server, target, large)]), target, large)
    begins = sorted(int(re.match(r"bytes=(\d+)-", each)[1]) for each in ranges(server))
    assert begins[0] == MEBIBYTE
    assert len(begins) == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda told: b"",
        lambda told: b"\xff\xfe garbage",
        lambda told: b"[" * 60_000,
        lambda told: b'{"version": 1}',
        lambda told: b" " * 10_000_000,
        lambda told: json.dumps(told | {"version": 2}).encode(),
        lambda told: json.dumps(told | {"done": [[0, 10**19]]}).encode(),
        lambda told: json.dumps(told | {"done": [[10, 5]]}).encode(),
        lambda told: json.dumps(told | {"done": [[0, 50], [20, 60]]}).encode(),
        lambda told: json.dumps(told | {"done": [[-5, 50]]}).encode(),
        lambda told: json.dumps(told | {"done": [["0", "50"]]}).encode(),
        lambda told: json.dumps(told | {"done": 7}).encode(),
        lambda told: json.dumps(told | {"total": 10**19, "done": [[0, 9 * 10**18]]}).encode(),
        lambda told: json.dumps(told | {"total": "many"}).encode(),
        lambda told: json.dumps(told | {"total": len(SMALL) - 1, "done": [[0, 5]]}).encode(),
        lambda told: json.dumps(told | {"total": None, "done": [[0, 10**6]]}).encode(),
        lambda told: json.dumps(told | {"total": None, "done": [[5, 10]]}).encode(),
        lambda told: json.dumps(told | {"md5": "0" * 32}).encode(),
        lambda told: json.dumps(told | {"etag": '"\r\nX-Smuggled: 1"'}).encode(),
        lambda told: json.dumps(told | {"done": [[0, len(SMALL)]]}).encode(),  # a lie
    ],
)
def test_damaged_journal(hub, server, target, damage):
    interrupt(hub, server, target)
    journal = target.with_name("weights.onnx.progress")
    journal.write_bytes(damage(json.loads(journal.read_text())))
    expect_whole(hub.download([wanted(server, target)]), target)
    assert not any("X-Smuggled" in request.headers for request in server.requests)


@pytest.mark.parametrize("size", [0, 10, 10**6])
def test_damaged_part(hub, server, target, size):
    interrupt(hub, server, target)
    target.with_name("weights.onnx.part").write_bytes(bytes(size))
    expect_whole(hub.download([wanted(server, target)]), target)


@pytest.mark.parametrize("name", ["weights.onnx.part", "weights.onnx.progress"])
def test_links_in_place_of_our_files_are_not_followed(hub, server, target, name, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "precious"
    elsewhere.write_bytes(b"precious")
    server.add("/weights.onnx", SMALL)
    target.with_name(name).symlink_to(elsewhere)
    hub.download([wanted(server, target)])
    assert elsewhere.read_bytes() == b"precious"


def test_part_of_another_file_is_not_gone_on_with(hub, server, target):
    interrupt(hub, server, target, OTHER)
    server.add("/weights.onnx", SMALL, headers=ETAG)  # by chance the same validator
    expect_whole(hub.download([wanted(server, target)]), target)
    assert ranges(server) == ["bytes=0-"]


def test_error_of_one_file_keeps_the_others(hub, server, tmp_path):
    server.add("/weights.onnx", SMALL)
    server.add("/missing", always=Answer(404))
    whole, missing = tmp_path / "whole", tmp_path / "missing"
    hub.download([wanted(server, whole)])
    result = hub.download([wanted(server, missing, path="/missing"), wanted(server, whole)])
    expect_error(result, "retrieval_failure", missing)
    assert whole.read_bytes() == SMALL


def test_directory_that_is_not_there(hub, server, tmp_path):
    server.add("/weights.onnx", SMALL)
    error = hub.download([wanted(server, tmp_path / "nowhere" / "weights.onnx")])["error"]
    assert error["kind"] == "io_failure"
    assert str(tmp_path / "nowhere") in error["message"]


# --- A full disk

IN_A_SMALL_FILE_SYSTEM = """
set -e
mount -t tmpfs -o size=1m tmpfs "$1"
shift
exec "$@"
"""


@pytest.mark.parametrize("length_is_known", [True, False])
def test_full_disk(testing_library, server, tmp_path, length_is_known, pytestconfig):
    prefix = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", IN_A_SMALL_FILE_SYSTEM, "sh", tmp_path]
    if not shutil.which("unshare") or subprocess.run([*prefix, "true"], capture_output=True).returncode != 0:
        pytest.skip("this system lets no process have a file system of its own")
    content = SMALL * 20
    server.add("/weights.onnx", content, chunked=not length_is_known, ranges=False)
    file = json.dumps(wanted(server, tmp_path / "weights.onnx", content))
    command = [sys.executable, "-c", DOWNLOAD, pytestconfig.rootpath / "tests", testing_library, file]
    run = subprocess.run([*prefix, *command], capture_output=True, text=True, check=True)
    error = json.loads(run.stdout.splitlines()[-1])["error"]
    assert error["kind"] == "io_failure"
    assert error["message"].startswith("No space left on device")
    assert str(tmp_path) in error["message"]
    if length_is_known:
        assert str(len(content)) in error["message"]


# --- Processes that are killed

DOWNLOAD = """
import json, sys
sys.path.insert(0, sys.argv[1])
from hub.conftest import HubForTests
hub = HubForTests(sys.argv[2])
print("ready", flush=True)
print(json.dumps(hub.download([json.loads(sys.argv[3])])), flush=True)
"""


@pytest.mark.slow
def test_killed_at_random_moments(testing_library, server, tmp_path, large, pytestconfig):
    """Whenever it is killed, the next one goes on, and what appears is always the whole file."""
    chance = random.Random(4)
    kills = 0
    sent = 0
    finished = 0
    server.add("/weights.onnx", large, always=Slowly(piece=MEBIBYTE // 2, pause=0.05), headers=ETAG)
    while kills < 25:
        target = tmp_path / f"weights_{finished}.onnx"
        command = [sys.executable, "-c", DOWNLOAD, pytestconfig.rootpath / "tests", testing_library]
        with subprocess.Popen(
            [*command, json.dumps(wanted(server, target, large))], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout.readline() == "ready\n"
            time.sleep(chance.uniform(0.0, 1.6))
            was_alive = process.poll() is None
            process.kill()
        kills += was_alive
        if target.exists():
            assert target.read_bytes() == large
            target.unlink()
            finished += 1
    final = tmp_path / f"weights_{finished}.onnx"
    process = subprocess.run([*command, json.dumps(wanted(server, final, large))], capture_output=True, text=True)
    assert final.read_bytes() == large, process.stdout
    assert list(tmp_path.iterdir()) == [final]
    sent = server.body_bytes_sent()
    resumed = [each for each in ranges(server) if each not in ("bytes=0-", f"bytes={len(large) // 2}-{len(large) - 1}")]
    assert len(resumed) >= 10
    # Without going on, every killed process would have had to bring what it had once more.
    assert sent < (finished + 1) * len(large) + kills * len(large) // 3
