"""`inference-models hub serve` as other machines see it: the real program, and Python's own HTTP clients."""

import hashlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.tiny_models import write_package

LISTING = "/models/v1/external/weights"
SECRET = "nobody may read this"


class Hub:
    """The running program."""

    def __init__(self, program: Path, directory: Path, log: Path, port: int = 0):
        with log.open("w") as errors:
            self.process = subprocess.Popen(
                [program, "--log-level", "info", "hub", "serve", directory, "--port", str(port)],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self.log = log
        self.line = self.process.stdout.readline()
        assert "http://127.0.0.1:" in self.line, log.read_text()
        self.url = self.line.split(" at ")[1].split()[0]
        self.port = int(self.url.rsplit(":", 1)[1])

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def get(self, path, method="GET", **headers):
        connection = self.connect()
        try:
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, headers=names)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def listing(self, **parameters):
        status, _, body = self.get(f"{LISTING}?{urllib.parse.urlencode(parameters)}")
        assert status == 200, body
        return json.loads(body)["modelMetadata"]

    def raw(self, request: bytes) -> bytes:
        """Everything that is answered to these very bytes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            try:
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)
            except OSError:  # it did not want to read all of it
                pass
            answer = b""
            try:
                while piece := connection.recv(65536):
                    answer += piece
            except ConnectionResetError:
                pass
            return answer

    def end(self, how=signal.SIGTERM) -> int:
        self.process.send_signal(how)
        code = self.process.wait(timeout=30)
        self.process.stdout.close()
        return code


@pytest.fixture(scope="session")
def binary(build_dir):
    return build_dir / "bin/inference-models"


@pytest.fixture
def folder(tmp_path):
    """Two models, one of them with `/` in its id, and a secret beside the folder and in a hidden file of it."""
    folder = tmp_path / "models"
    write_package(folder / "tiny" / "onnx-fp32")
    write_package(folder / "work" / "space" / "3" / "first")
    nested = folder / "tiny" / "onnx-fp32" / "vit"
    nested.mkdir()
    (nested / "config.json").write_text("{}")
    (folder / "tiny" / "onnx-fp32" / ".hidden").write_text(SECRET)
    (folder / ".hidden").write_text(SECRET)
    (tmp_path / "secret").write_text(SECRET)
    return folder


@pytest.fixture
def serve(binary, tmp_path):
    hubs = []

    def start(directory, **options) -> Hub:
        hubs.append(Hub(binary, directory, tmp_path / f"log-{len(hubs)}", **options))
        return hubs[-1]

    yield start
    for hub in hubs:
        if hub.process.poll() is None:
            hub.process.kill()
            hub.process.wait()
            hub.process.stdout.close()


@pytest.fixture
def hub(serve, folder):
    return serve(folder)


def refusal(binary, *arguments):
    """What the program says where it does not start."""
    done = subprocess.run(
        [binary, "hub", "serve", *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    return done.stderr


# --- Listings


def test_a_model_is_listed_with_its_files_and_their_hashes(hub, folder):
    model = hub.listing(modelId="tiny")
    assert model["type"] == "external-model-metadata-v1"
    assert (model["modelId"], model["modelArchitecture"], model["taskType"]) == ("tiny", "yolov8", "object-detection")
    (package,) = model["modelPackages"]
    assert package["packageId"] == "onnxfp32"
    assert package["trustedSource"] is True
    manifest = package["packageManifest"]
    assert (manifest["type"], manifest["opset"]) == ("onnx-model-package-v1", 13)
    assert (manifest["staticBatchSize"], manifest["quantization"]) == (1, "fp32")
    files = {file["fileHandle"]: file for file in package["packageFiles"]}
    assert sorted(files) == ["class_names.txt", "inference_config.json", "vit/config.json", "weights.onnx"]
    for handle, file in files.items():
        content = (folder / "tiny/onnx-fp32" / handle).read_bytes()
        assert file["md5Hash"] == hashlib.md5(content).hexdigest()
        assert file["sha256Hash"] == hashlib.sha256(content).hexdigest()
        assert file["sizeBytes"] == len(content)
        assert file["downloadUrl"].startswith(hub.url + "/files/")
        status, headers, body = hub.get(urllib.parse.urlsplit(file["downloadUrl"]).path)
        assert (status, body) == (200, content)
        assert headers["ETag"] == f'"{hashlib.sha256(content).hexdigest()}"'
        assert headers["Accept-Ranges"] == "bytes"


def test_ids_may_hold_slashes_and_be_encoded(hub):
    assert hub.listing(modelId="work/space/3")["modelId"] == "work/space/3"
    assert hub.get(f"{LISTING}?x=1&modelId=work%2fspace%2F3")[0] == 200


@pytest.mark.parametrize("path", ["none", "work", "work/space", "tiny/onnx-fp32", "tiny/onnx-fp32/vit", "TINY"])
def test_an_unknown_model_is_not_found(hub, path):
    status, headers, body = hub.get(f"{LISTING}?{urllib.parse.urlencode({'modelId': path})}")
    assert (status, headers["Content-Type"]) == (404, "application/json")
    assert path in json.loads(body)["error"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "modelId=",
        "modelId=..",
        "modelId=../models/tiny",
        "modelId=tiny/../tiny",
        "modelId=/tiny",
        "modelId=tiny%00",
        "modelId=.hidden",
        "modelId=%zz",
        "modelId=" + "a" * 300,
        "modelId=tiny&pageSize=0",
        "modelId=tiny&pageSize=-1",
        "modelId=tiny&pageSize=99999999999999999999999",
        "modelId=tiny&startAfter=../x",
    ],
)
def test_a_request_that_makes_no_sense_is_refused(hub, query):
    status, _, body = hub.get(f"{LISTING}?{query}")
    assert status == 400
    assert json.loads(body)["error"]


def test_pages_give_every_package_once(serve, tmp_path):
    for i in range(5):
        write_package(tmp_path / "models" / "m" / f"p-{i}")
    hub = serve(tmp_path / "models")
    for size in (1, 2, 3, 5, 6, 1000):
        seen, start, pages = [], {}, 0
        while True:
            model = hub.listing(modelId="m", pageSize=size, **start)
            seen += [package["packageId"] for package in model["modelPackages"]]
            pages += 1
            if not model.get("nextPage"):
                break
            start = {"startAfter": model["nextPage"]}
        assert seen == [f"p{i}" for i in range(5)]
        assert pages == -(-5 // size)
    assert hub.listing(modelId="m", startAfter="p4")["modelPackages"] == []


def test_download_urls_name_the_host_that_was_asked(hub):
    def urls(host):
        status, _, body = hub.get(f"{LISTING}?modelId=tiny", Host=host)
        packages = json.loads(body)["modelMetadata"]["modelPackages"] if status == 200 else []
        return status, {
            urllib.parse.urlsplit(file["downloadUrl"]).netloc for p in packages for file in p["packageFiles"]
        }

    def schemes(headers):
        _, _, body = hub.get(f"{LISTING}?modelId=tiny", **headers)
        packages = json.loads(body)["modelMetadata"]["modelPackages"]
        return {urllib.parse.urlsplit(file["downloadUrl"]).scheme for p in packages for file in p["packageFiles"]}

    for host in ("hub.example:9001", "[::1]:80", "10.0.0.7"):
        assert urls(host) == (200, {host})
    assert schemes({}) == {"http"}
    assert schemes({"X-Forwarded-Proto": "https"}) == {"https"}
    assert schemes({"X-Forwarded-Proto": "javascript"}) == {"http"}
    for host in ("evil.example/path", "a@b", "a b", 'a"b', "a?b", "", "x" * 256):
        assert urls(host)[0] == 400, host


def test_what_is_added_changed_or_removed_while_it_runs_is_seen(hub, folder):
    assert hub.get(f"{LISTING}?modelId=late")[0] == 404
    write_package(folder / "late" / "one")
    assert [p["packageId"] for p in hub.listing(modelId="late")["modelPackages"]] == ["one"]
    write_package(folder / "late" / "two")
    assert [p["packageId"] for p in hub.listing(modelId="late")["modelPackages"]] == ["one", "two"]

    names = folder / "late/one/class_names.txt"
    path = "/files/late/one/class_names.txt"
    before = hub.get(path)[1]["ETag"]
    names.write_text("other\n")
    os.utime(names, ns=(1, 1))
    status, headers, body = hub.get(path)
    assert (status, body) == (200, b"other\n")
    assert headers["ETag"] == f'"{hashlib.sha256(body).hexdigest()}"' != before

    shutil.rmtree(folder / "late")
    assert hub.get(f"{LISTING}?modelId=late")[0] == 404
    assert hub.get(path)[0] == 404


def test_a_broken_package_is_left_out_and_the_log_says_why(serve, folder):
    broken = write_package(folder / "tiny" / "broken")
    (broken / "weights.onnx").write_bytes(b"nothing")
    hub = serve(folder)
    assert [p["packageId"] for p in hub.listing(modelId="tiny")["modelPackages"]] == ["onnxfp32"]
    assert str(broken) in hub.log.read_text()


# --- Files and ranges


@pytest.fixture
def content(folder):
    """Of the file /files/tiny/onnx-fp32/big.bin, longer than what is sent at a time."""
    content = os.urandom(300_007)
    (folder / "tiny/onnx-fp32/big.bin").write_bytes(content)
    return content


BIG = "/files/tiny/onnx-fp32/big.bin"


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-", 0, 300_006),
        ("bytes=1-131072", 1, 131_072),
        ("bytes=131072-262144", 131_072, 262_144),
        ("bytes=300006-300006", 300_006, 300_006),
        ("bytes=300006-", 300_006, 300_006),
        ("bytes=5-999999999", 5, 300_006),
        ("bytes=5-99999999999999999999999999", 5, 300_006),
        ("bytes=5-18446744073709551615", 5, 300_006),
        ("bytes=-1", 300_006, 300_006),
        ("bytes=-300007", 0, 300_006),
        ("bytes=-99999999999999999999999999", 0, 300_006),
        ("BYTES=7-9", 7, 9),
    ],
)
def test_one_range_is_answered(content, serve, folder, header, first, last):
    hub = serve(folder)
    status, headers, body = hub.get(BIG, Range=header)
    assert status == 206
    assert headers["Content-Range"] == f"bytes {first}-{last}/{len(content)}"
    assert headers["Content-Length"] == str(last - first + 1)
    assert body == content[first : last + 1]


def test_other_ranges_are_refused_or_ignored(content, serve, folder):
    hub = serve(folder)
    for header in ("bytes=300007-", "bytes=300007-300008", "bytes=99999999999999999999999-", "bytes=-0"):
        status, headers, body = hub.get(BIG, Range=header)
        assert (status, headers["Content-Range"], body) == (416, "bytes */300007", b""), header
    ignored = [
        "bytes=0-1,4-5",
        "bytes=2-1",
        "bytes=a-b",
        "bytes=-",
        "bytes=",
        "bytes",
        "items=0-1",
        "bytes=+1-2",
        "bytes=1--2",
    ]
    for header in [*ignored, "bytes=0x1-0x2", "bytes=1-2-3"]:
        status, headers, body = hub.get(BIG, Range=header)
        assert (status, body == content, headers["Content-Range"]) == (200, True, None), header


def test_an_empty_file_has_no_ranges(serve, folder):
    (folder / "tiny/onnx-fp32/empty.bin").write_bytes(b"")
    hub = serve(folder)
    path = "/files/tiny/onnx-fp32/empty.bin"
    assert hub.get(path)[0::2] == (200, b"")
    for header in ("bytes=0-", "bytes=0-0", "bytes=-1"):
        assert hub.get(path, Range=header)[0] == 416


def test_a_range_holds_only_for_the_file_that_it_was_meant_for(content, serve, folder):
    hub = serve(folder)
    tag = f'"{hashlib.sha256(content).hexdigest()}"'
    assert hub.get(BIG, Range="bytes=1-2", If_Range=tag)[0::2] == (206, content[1:3])
    for other in (f"W/{tag}", tag.strip('"'), '"other"', "Wed, 21 Oct 2015 07:28:00 GMT"):
        status, _, body = hub.get(BIG, Range="bytes=1-2", If_Range=other)
        assert (status, body == content) == (200, True), other


def test_head_tells_of_the_file_without_it(content, serve, folder):
    hub = serve(folder)
    for headers in ({}, {"Range": "bytes=0-5"}):  # ranges are for GET alone
        status, answer, body = hub.get(BIG, method="HEAD", **headers)
        assert (status, body) == (200, b"")
        assert answer["Content-Length"] == str(len(content))
        assert answer["ETag"] == f'"{hashlib.sha256(content).hexdigest()}"'
        assert answer["Accept-Ranges"] == "bytes"
    assert hub.get("/files/nothing", method="HEAD")[0::2] == (404, b"")
    assert hub.get(f"{LISTING}?modelId=tiny", method="HEAD")[0::2] == (200, b"")


def test_one_connection_serves_many_requests(hub):
    connection = hub.connect()
    for path in (f"{LISTING}?modelId=tiny", "/files/tiny/onnx-fp32/class_names.txt", "/nothing", "/files/x") * 3:
        connection.request("GET", path)
        local = connection.sock.getsockname()
        answer = connection.getresponse()
        assert answer.read()
        assert connection.sock is not None and connection.sock.getsockname() == local
    connection.close()


# --- Nothing else is reachable


@pytest.mark.parametrize(
    "target",
    [
        "/files/../secret",
        "/files/tiny/../../secret",
        "/files/tiny/onnx-fp32/../../../secret",
        "/files/tiny/onnx-fp32/%2e%2e/%2e%2e/%2e%2e/secret",
        "/files/%2e%2e/secret",
        "/files/..%2fsecret",
        "/files/tiny/onnx-fp32/..\\..\\..\\secret",
        "/files//etc/passwd",
        "//etc/passwd",
        "/etc/passwd",
        "/files/tiny/onnx-fp32//class_names.txt",
        "/files/tiny/onnx-fp32/./class_names.txt",
        "/files/tiny/onnx-fp32/.hidden",
        "/files/.hidden",
        "/files/tiny/onnx-fp32/model_config.json",
        "/files/tiny/onnx-fp32/vit",
        "/files/tiny/onnx-fp32/",
        "/files/tiny/onnx-fp32",
        "/files/",
        "/files",
        "/files/tiny/onnx-fp32/class_names.txt%00",
        "/files/tiny/onnx-fp32/class_names.txt\0",
        "http://127.0.0.1/files/../secret",
        "file:///etc/passwd",
        "../../../etc/passwd",
        "*",
    ],
)
def test_nothing_else_is_reachable(hub, target):
    answer = hub.raw(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer.split(b" ")[1] in (b"400", b"404"), answer
    assert SECRET.encode() not in answer
    assert b"root:" not in answer


@pytest.mark.parametrize("absolute", [True, False])
def test_links_that_lead_outside_are_not_served(serve, folder, tmp_path, absolute):
    """A file, a package and a model may be such links; what they are part of is left out as a whole."""
    outside = write_package(tmp_path / "outside" / "package")
    package = write_package(folder / "tiny" / "linked-file")
    (package / "class_names.txt").unlink()

    def link(place: Path, target: Path):
        place.symlink_to(target if absolute else os.path.relpath(target, place.parent), target.is_dir())

    link(package / "class_names.txt", tmp_path / "secret")
    link(folder / "tiny" / "linked-package", outside)
    link(folder / "linked-model", outside.parent)
    link(package / "vit", outside)
    hub = serve(folder)
    assert [p["packageId"] for p in hub.listing(modelId="tiny")["modelPackages"]] == ["onnxfp32"]
    assert hub.get(f"{LISTING}?modelId=linked-model")[0] == 404
    for path in (
        "tiny/linked-file/class_names.txt",
        "tiny/linked-package/weights.onnx",
        "linked-model/package/weights.onnx",
    ):
        assert hub.get(f"/files/{path}")[0] == 404


def test_a_file_or_directory_that_becomes_a_link_is_not_served_any_more(hub, folder, tmp_path):
    path = "/files/tiny/onnx-fp32/class_names.txt"
    names = folder / "tiny/onnx-fp32/class_names.txt"
    assert hub.get(path)[0] == 200
    names.unlink()
    names.symlink_to(tmp_path / "secret")
    assert hub.get(path)[0] == 404
    shutil.move(folder / "tiny/onnx-fp32", tmp_path / "moved")
    (tmp_path / "moved/class_names.txt").unlink()
    (tmp_path / "moved/class_names.txt").write_text(SECRET)
    (folder / "tiny/onnx-fp32").symlink_to(tmp_path / "moved")
    assert hub.get(path)[0] == 404


def test_links_within_the_folder_are_served(serve, folder):
    (folder / "blobs").mkdir()
    names = folder / "tiny/onnx-fp32/class_names.txt"
    names.rename(folder / "blobs/1234")
    names.symlink_to("../../blobs/1234")
    (folder / "latest").symlink_to("tiny")
    hub = serve(folder)
    assert hub.get("/files/tiny/onnx-fp32/class_names.txt")[0::2] == (200, b"thing\n")
    assert hub.listing(modelId="latest")["modelId"] == "latest"


def test_a_pipe_in_a_package_blocks_nobody(serve, folder):
    os.mkfifo(write_package(folder / "tiny" / "with-pipe") / "pipe")
    hub = serve(folder)
    assert [p["packageId"] for p in hub.listing(modelId="tiny")["modelPackages"]] == ["onnxfp32"]


# --- Clients that are many, slow, broken


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000 + b"\r\n\r\n", b"431"),
        (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"431"),
        (b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * 20_000 + b"\r\n", b"431"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400"),
        (b"nothing that is known\r\n\r\n", b"400"),
        (b"GET / HTTP/9.9\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", b"413"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", b"413"),
        (b"DELETE /files/tiny/onnx-fp32/weights.onnx HTTP/1.1\r\nHost: x\r\n\r\n", b"405"),
        (b"PUT / HTTP/1.1\r\nHost: x\r\n\r\n", b"405"),
        (b"GET " + LISTING.encode() + b"?modelId=tiny HTTP/1.1\r\n\r\n", b"400"),
    ],
)
def test_a_broken_request_is_refused_and_the_next_one_answered(hub, request_bytes, status):
    answer = hub.raw(request_bytes)
    assert answer.split(b" ")[1] == status, answer[:200]
    assert hub.get("/files/tiny/onnx-fp32/class_names.txt")[0] == 200


def test_fifty_clients_at_once(content, serve, folder):
    hub = serve(folder)

    def work(i):
        first = i * 1000
        results = [
            hub.get(BIG)[2] == content,
            hub.get(BIG, Range=f"bytes={first}-{first + 5000}")[2] == content[first : first + 5001],
            len(hub.listing(modelId="tiny")["modelPackages"]) == 1,
        ]
        return all(results)

    with ThreadPoolExecutor(50) as pool:
        assert all(pool.map(work, range(50)))


def test_slow_clients_harm_nobody(content, serve, folder):
    """Some send a header byte by byte, some read nothing of what they asked for, some just go."""
    hub = serve(folder)
    idle = []
    for i in range(150):
        connection = socket.create_connection(("127.0.0.1", hub.port), timeout=30)
        connection.sendall(f"GET {BIG} HTTP/1.1\r\nHost: x\r\n".encode() + (b"\r\n" if i % 2 else b"X"))
        if i % 3 == 0:
            connection.close()
        else:
            idle.append(connection)
    for _ in range(20):
        assert hub.get(BIG)[2] == content
    for connection in idle:
        connection.close()


def test_a_header_that_never_ends_is_given_up(hub):
    """The time for a request counts from its first byte, so that further ones do not make it longer."""
    with socket.create_connection(("127.0.0.1", hub.port), timeout=60) as connection:
        stop = threading.Event()

        def drip():
            try:
                connection.sendall(b"GET / HTTP/1.1\r\n")
                while not stop.wait(0.2):
                    connection.sendall(b"X")
            except OSError:
                pass

        dripping = threading.Thread(target=drip)
        dripping.start()
        try:
            assert connection.recv(1) == b""
        except ConnectionResetError:
            pass
        finally:
            stop.set()
            dripping.join()


def test_more_connections_than_there_may_be_wait_for_their_turn(hub):
    """Those that are idle do not keep others out for ever."""
    idle = [socket.create_connection(("127.0.0.1", hub.port), timeout=60) for _ in range(256)]
    waiting = threading.Thread(target=lambda: answers.append(hub.get("/files/tiny/onnx-fp32/class_names.txt")[0]))
    answers = []
    waiting.start()
    for connection in idle[:10]:
        connection.close()
    waiting.join(60)
    assert answers == [200]
    for connection in idle[10:]:
        connection.close()


def is_open(connection) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False


def test_idle_connections_keep_nobody_out(hub):
    """Those of a client that have been idle for longest make room for its next ones, long before their time is over."""
    idle = [socket.create_connection(("127.0.0.1", hub.port), timeout=60) for _ in range(300)]
    assert hub.get("/files/tiny/onnx-fp32/class_names.txt")[0] == 200
    assert not any(map(is_open, idle[:150]))
    time.sleep(1)  # had those ended because their time was over, these would have by now
    assert all(map(is_open, idle[-100:]))
    for connection in idle:
        connection.close()


def test_readers_that_read_nothing_keep_nobody_out(serve, folder):
    (folder / "tiny/onnx-fp32/big.bin").write_bytes(bytes(20_000_000))  # no buffer on the way holds that
    hub = serve(folder)
    idle = []
    for host in ("127.0.0.2", "127.0.0.3"):
        for _ in range(128):
            connection = socket.create_connection(("127.0.0.1", hub.port), timeout=60, source_address=(host, 0))
            connection.sendall(f"GET {BIG} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            idle.append(connection)
    assert len(hub.get(BIG)[2]) == 20_000_000
    for connection in idle:
        connection.close()


def test_the_log_names_requests_without_their_queries(hub):
    hub.get(f"{LISTING}?modelId=tiny&api_key=very-secret")
    hub.get("/files/tiny/onnx-fp32/class_names.txt")
    hub.get("/files/%1b[31mred")
    assert hub.end() == 0
    log = hub.log.read_text()
    assert f"GET {LISTING} 200" in log
    assert "GET /files/tiny/onnx-fp32/class_names.txt 200" in log
    assert "very-secret" not in log


# --- Beginning and end


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_also_in_the_middle_of_a_transfer(serve, folder, how):
    (folder / "tiny/onnx-fp32/big.bin").write_bytes(bytes(50_000_000))
    hub = serve(folder)
    with socket.create_connection(("127.0.0.1", hub.port), timeout=30) as connection:
        connection.sendall(f"GET {BIG} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert connection.recv(10)
        assert hub.end(how) == 0
    assert "error" not in hub.log.read_text()


def test_it_says_how_to_use_it(hub):
    assert f"ROBOFLOW_API_HOST={hub.url} inference-models predict tiny " in hub.line


def test_a_port_that_is_taken_is_an_error(hub, binary, folder):
    said = refusal(binary, folder, "--port", hub.port)
    assert f"port {hub.port} of 127.0.0.1" in said and "--port" in said


def test_a_folder_that_has_nothing_to_serve_is_an_error(binary, folder, tmp_path):
    assert "there is no directory" in refusal(binary, tmp_path / "nowhere")
    assert "there is no directory" in refusal(binary, tmp_path / "secret")
    (tmp_path / "empty").mkdir()
    assert "no model that can be served" in refusal(binary, tmp_path / "empty")
    # A model's own directory is one level too deep.
    said = refusal(binary, folder / "tiny")
    assert "it lies in no model" in said and "DIR/MODEL_ID/PACKAGE/" in said
    assert "no address to listen at" in refusal(binary, folder, "--host", "no.such.host.invalid")


@pytest.mark.parametrize("when", ["before it starts", "while it runs"])
def test_packages_that_would_get_the_same_id_leave_out_their_model(serve, folder, when):
    hub = serve(folder) if when == "while it runs" else None
    write_package(folder / "tiny" / "onnx_fp32")
    hub = hub or serve(folder)
    assert hub.get(f"{LISTING}?modelId=tiny")[0] == 500
    assert hub.get(f"{LISTING}?modelId=work/space/3")[0] == 200
    said = hub.log.read_text()
    assert "onnx-fp32" in said and "onnx_fp32" in said and "onnxfp32" in said
