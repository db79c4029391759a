"""A small server of the weights protocol, written for the tests alone: nothing of the product is in it."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

LISTING = "/models/v1/external/weights"


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def package_files(directory: Path) -> dict[str, bytes]:
    """What a provider offers of a package directory: all but model_config.json."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and path.name != "model_config.json"
    }


@dataclass
class Package:
    """A package as the server tells of it. `listed` changes what is said, not what is sent."""

    id: str
    files: dict[str, bytes]
    manifest: dict = field(default_factory=dict)
    trusted: bool = True
    features: dict | None = None
    listed: dict[str, dict] = field(default_factory=dict)  # by file: members of its entry that are said otherwise

    def entry(self, url: str) -> dict:
        manifest = {
            "type": "onnx-model-package-v1",
            "backendType": "onnx",
            "staticBatchSize": 1,
            "quantization": "fp32",
            "opset": 13,
        } | self.manifest
        files = [
            {"fileHandle": name, "downloadUrl": f"{url}/files/{self.id}/{name}", "md5Hash": md5(data)}
            | self.listed.get(name, {})
            for name, data in self.files.items()
        ]
        files = [{key: value for key, value in file.items() if value is not None} for file in files]
        entry = {
            "type": "external-model-package-v1",
            "packageId": self.id,
            "packageManifest": manifest,
            "trustedSource": self.trusted,
            "packageFiles": files,
        }
        return entry | ({"modelFeatures": self.features} if self.features else {})


class WeightsApi:
    """Serves one model. `answer`, where it is set, may answer a request in its own way and return True."""

    def __init__(self, model_id: str, packages: list[Package]) -> None:
        self.model_id = model_id
        self.packages = packages
        self.page_size = 100
        self.answer = None
        self.model = {"modelArchitecture": "yolov8", "taskType": "object-detection"}
        self.requests: list[tuple[str, str, dict[str, str]]] = []  # method, path with query, headers
        self.url = ""

    def paths(self, start: str) -> list[str]:
        return [path for _, path, _ in self.requests if path.startswith(start)]

    def metadata(self, start_after: str | None) -> dict:
        ids = [package.id for package in self.packages]
        first = ids.index(start_after) + 1 if start_after else 0
        page = self.packages[first : first + self.page_size]
        model = {
            "type": "external-model-metadata-v1",
            "modelId": self.model_id,
            "modelPackages": [package.entry(self.url) for package in page],
        } | self.model
        if first + self.page_size < len(self.packages):
            model["nextPage"] = page[-1].id
        return {"modelMetadata": model}

    @contextmanager
    def running(self):
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                api.requests.append((self.command, self.path, dict(self.headers)))
                if api.answer is None or not api.answer(self):
                    api.respond(self)

            def send(self, status: int, body: bytes, **headers: str):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # a client that is gone is what many tests are about
        self.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()

        def stop():
            if thread.is_alive():
                server.shutdown()
                thread.join()
                server.server_close()

        self.stop = stop
        try:
            yield self
        finally:
            stop()

    def respond(self, handler) -> None:
        parts = urlsplit(handler.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == LISTING:
            if query.get("modelId") != self.model_id:
                handler.send(404, b'{"error": "no such model"}', Content_Type="application/json")
                return
            body = json.dumps(self.metadata(query.get("startAfter"))).encode()
            handler.send(200, body, Content_Type="application/json")
            return
        data = self.file(parts.path)
        if data is None:
            handler.send(404, b"not found")
            return
        requested = handler.headers.get("Range")
        if requested is None:
            handler.send(200, data, Accept_Ranges="bytes", ETag=f'"{md5(data)}"')
            return
        first, last = requested.removeprefix("bytes=").split("-")
        start, end = int(first), int(last) if last else len(data) - 1
        end = min(end, len(data) - 1)
        if start > end:
            handler.send(416, b"", Content_Range=f"bytes */{len(data)}")
            return
        content_range = f"bytes {start}-{end}/{len(data)}"
        handler.send(206, data[start : end + 1], Content_Range=content_range, ETag=f'"{md5(data)}"')

    def file(self, path: str) -> bytes | None:
        for package in self.packages:
            for name, data in package.files.items():
                if path == f"/files/{package.id}/{name}":
                    return data
        return None
