"""A model by id, as the tests of it share it: the program with a cache of its own, and our own hub."""

from __future__ import annotations

import re
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MODEL = "tiny-detector-32"


@dataclass
class ServedHub:
    url: str
    process: subprocess.Popen

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


@contextmanager
def hub_serving(program: Path, folder: Path):
    """`inference-models hub serve` over a folder."""
    process = subprocess.Popen(
        [program, "hub", "serve", folder, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        line = process.stdout.readline()
        urls = re.findall(r"http://127\.0\.0\.1:\d+", line)
        assert urls, f"{line}{process.stderr.read() if process.poll() is not None else ''}"
        yield ServedHub(urls[0], process)
    finally:
        process.terminate()
        process.wait(10)


@dataclass
class Client:
    """The program with a cache of its own."""

    run: object
    cache: Path
    url: str

    def environment(self, **more: str) -> dict[str, str]:
        return {
            "INFERENCE_HOME": str(self.cache),
            "ROBOFLOW_API_HOST": self.url,
            "API_CALLS_TIMEOUT": "5",
            "DISABLE_INTERACTIVE_PROGRESS_BARS": "True",
            "http_proxy": "",
            "ROBOFLOW_API_KEY": "",
        } | more

    def __call__(self, *arguments, env=None, **more):
        return self.run(*arguments, env=self.environment(**(env or {})), **more)

    def files(self) -> list[Path]:
        return sorted(path for path in self.cache.rglob("*") if path.is_file())
