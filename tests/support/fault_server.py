"""A web server on this machine that serves bytes and makes mistakes as told.

    with FaultServer() as server:
        server.add("/weights.onnx", content, faults=[Cut(after=100), Answer(503)])
        ... server.url("/weights.onnx") ...
        assert [request.headers.get("Range") for request in server.requests] == [...]

Each request to a path takes the path's next fault; after the last one it is served rightly. `always` is a fault for
every request. Servers answer ranges (and If-Range) unless a route says otherwise.
"""

import re
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit


@dataclass
class Cut:
    """Close the connection after so many bytes of the body; before the body: `within_headers`, `at_once`."""

    after: int = 0
    within_headers: bool = False
    at_once: bool = False


@dataclass
class Answer:
    """Another answer than the file."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class WrongLength:
    """Claim another Content-Length (None: none at all, the end of the connection is the end)."""

    length: int | None


@dataclass
class OtherContent:
    """Serve something else under the same name; close the connection after so many bytes of it (None: do not)."""

    content: bytes
    headers: dict[str, str] = field(default_factory=dict)
    cut_after: int | None = None


@dataclass
class Stall:
    """After so many bytes of the body, send nothing until the client is gone or the server stops."""

    after: int = 0


@dataclass
class Slowly:
    """A piece, a pause, and so on."""

    piece: int
    pause: float


@dataclass
class Endless:
    """A body that does not end, without a length."""


@dataclass
class IgnoreRange:
    """Answer 200 with everything, whatever was asked for."""


Fault = Cut | Answer | WrongLength | OtherContent | Stall | Slowly | Endless | IgnoreRange


@dataclass
class Request:
    path: str  # with its query
    headers: dict[str, str]
    status: int = 0
    body_bytes_sent: int = 0
    time: float = 0.0


@dataclass
class Route:
    content: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    always: Fault | None = None
    ranges: bool = True
    chunked: bool = False
    answer: Callable[["Request"], Answer] | None = None


class FaultServer:
    """Listens on 127.0.0.1 at a free port while it is entered."""

    def __init__(self, certificate: tuple[Path, Path] | None = None):
        """`certificate`: files of a certificate and its key; then it speaks TLS."""
        self.requests: list[Request] = []
        self._routes: dict[str, Route] = {}
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._scheme = "https" if certificate else "http"
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # a client that is gone is what many tests are about
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stopped.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"{self._scheme}://{host}:{self.port}{path}"

    def add(self, path: str, content: bytes = b"", **route) -> Route:
        """What lies at a path; again: something else from now on."""
        self._routes[path] = Route(content, **route)
        return self._routes[path]

    def forget_requests(self):
        with self._lock:
            self.requests = []

    def body_bytes_sent(self) -> int:
        with self._lock:
            return sum(request.body_bytes_sent for request in self.requests)

    def _begin(self, request: Request) -> tuple[Route | None, Fault | None]:
        with self._lock:
            self.requests.append(request)
            route = self._routes.get(urlsplit(request.path).path)
            if route is None:
                return None, None
            return route, route.faults.pop(0) if route.faults else route.always

    def _handler(server):  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):  # noqa: N802
                request = Request(self.path, dict(self.headers.items()), time=time.monotonic())
                route, fault = server._begin(request)
                if route is None:
                    self.send(request, Answer(404, b"there is nothing here"))
                elif route.answer is not None and fault is None:
                    self.send(request, route.answer(request))
                elif isinstance(fault, Answer):
                    self.send(request, fault)
                elif isinstance(fault, Cut) and fault.at_once:
                    self.close_connection = True
                else:
                    self.send_file(request, route, fault)

            def send(self, request, answer):
                self.send_head(request, answer.status, {"Content-Length": str(len(answer.body)), **answer.headers})
                self.send_bytes(request, answer.body)

            def send_head(self, request, status, headers):
                request.status = status
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def send_bytes(self, request, data):
                step = 1 << 16
                for begin in range(0, len(data), step):
                    self.wfile.write(data[begin : begin + step])
                    request.body_bytes_sent += len(data[begin : begin + step])

            def requested_range(self, size, headers):
                """The range that is to be served: (first, after the last), None for everything, () for a refusal."""
                asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
                if not asked:
                    return None
                condition = self.headers.get("If-Range")
                if condition and condition not in (headers.get("ETag"), headers.get("Last-Modified")):
                    return None
                begin = int(asked[1])
                end = min(int(asked[2]) + 1 if asked[2] else size, size)
                return (begin, end) if begin < end else ()

            def send_file(self, request, route, fault):
                content, headers = route.content, dict(route.headers)
                if isinstance(fault, OtherContent):
                    content, headers = fault.content, headers | fault.headers
                    fault = None if fault.cut_after is None else Cut(fault.cut_after)
                takes_ranges = route.ranges and not isinstance(fault, (IgnoreRange, Endless))
                asked = self.requested_range(len(content), headers) if takes_ranges else None
                if asked == ():
                    headers["Content-Range"] = f"bytes */{len(content)}"
                    self.send(request, Answer(416, b"", headers))
                    return
                status, body = 200, content
                if asked:
                    status, body = 206, memoryview(content)[asked[0] : asked[1]]
                    headers["Content-Range"] = f"bytes {asked[0]}-{asked[1] - 1}/{len(content)}"
                length = fault.length if isinstance(fault, WrongLength) else len(body)
                if isinstance(fault, Endless) or length is None:
                    self.close_connection = True
                elif route.chunked:
                    headers["Transfer-Encoding"] = "chunked"
                else:
                    headers["Content-Length"] = str(length)
                if isinstance(fault, Cut) and fault.within_headers:
                    self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Ty")
                    self.close_connection = True
                    return
                self.send_head(request, status, headers)
                self.send_body(request, route, fault, body)

            def send_body(self, request, route, fault, body):
                if isinstance(fault, Cut):
                    self.close_connection = True
                    part = body[: fault.after]
                    if route.chunked:
                        self.wfile.write(b"%x\r\n" % len(body))
                    self.send_bytes(request, part)
                elif isinstance(fault, Stall):
                    self.send_bytes(request, body[: fault.after])
                    self.close_connection = True
                    server._stopped.wait()
                elif isinstance(fault, Slowly):
                    for begin in range(0, len(body), fault.piece):
                        self.send_bytes(request, body[begin : begin + fault.piece])
                        if server._stopped.wait(fault.pause):
                            return
                elif isinstance(fault, Endless):
                    while not server._stopped.is_set():
                        self.send_bytes(request, bytes(1 << 16))
                elif isinstance(fault, WrongLength):
                    self.close_connection = True
                    self.send_bytes(request, body)
                elif route.chunked:
                    for begin in range(0, len(body), 4096):
                        piece = body[begin : begin + 4096]
                        self.wfile.write(b"%x\r\n" % len(piece))
                        self.send_bytes(request, piece)
                        self.wfile.write(b"\r\n")
                    self.wfile.write(b"0\r\n\r\n")
                else:
                    self.send_bytes(request, body)

        return Handler
