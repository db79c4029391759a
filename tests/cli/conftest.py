"""Runs the program as its users do: a process of its own."""

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.tiny_models import SIDE, png, write_package


@dataclass
class Run:
    """A finished process."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self):
        return json.loads(self.stdout)

    @property
    def error_kind(self) -> str:
        """The kind in the line `error[kind]: message` of standard error."""
        kinds = re.findall(r"^error\[(\w+)\]: ", self.stderr, re.MULTILINE)
        assert len(kinds) == 1, self.stderr
        return kinds[0]

    @property
    def hint(self) -> str:
        lines = [line for line in self.stderr.splitlines() if line.startswith("hint: ")]
        assert lines, self.stderr
        return lines[0].removeprefix("hint: ")


@pytest.fixture(scope="session")
def program(build_dir):
    installed = build_dir / "bin/inference-models"

    def run(*arguments, env=None, stdout=subprocess.PIPE, executable=installed, before=(), cwd=None) -> Run:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("INFERENCE_MODELS_")}
        environment |= {"VIRTUAL_ENV": str(Path(os.sys.prefix))} | (env or {})
        done = subprocess.run(
            [*before, executable, *map(str, arguments)],
            env=environment,
            cwd=cwd,
            stdout=stdout,
            stderr=subprocess.PIPE,
            timeout=120,
            check=False,
        )
        assert done.returncode >= 0, f"ended by signal {-done.returncode}: {done.stderr}"
        return Run(done.returncode, (done.stdout or b"").decode(), done.stderr.decode(errors="replace"))

    return run


@pytest.fixture
def package(tmp_path):
    return write_package(tmp_path / "tiny")


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "image.png"
    path.write_bytes(png(SIDE, SIDE))
    return path
