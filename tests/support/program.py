"""Runs the program as its users do: a process of its own."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


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
        """What stands behind `hint: ` up to the end of standard error, where several things help."""
        _, hint, text = self.stderr.partition("hint: ")
        assert hint, self.stderr
        return text.rstrip("\n")


@dataclass
class Program:
    """`inference-models`, in an environment without variables of the caller that change what it does."""

    installed: Path

    def __call__(self, *arguments, env=None, stdout=subprocess.PIPE, executable=None, before=(), cwd=None) -> Run:
        done = subprocess.run(
            [*before, executable or self.installed, *map(str, arguments)],
            env=self.environment(env),
            cwd=cwd,
            stdout=stdout,
            stderr=subprocess.PIPE,
            timeout=120,
            check=False,
        )
        assert done.returncode >= 0, f"ended by signal {-done.returncode}: {done.stderr}"
        return Run(done.returncode, (done.stdout or b"").decode(), done.stderr.decode(errors="replace"))

    def environment(self, more: dict[str, str] | None = None) -> dict[str, str]:
        ours = {name: value for name, value in os.environ.items() if not name.startswith("INFERENCE_MODELS_")}
        return ours | {"VIRTUAL_ENV": sys.prefix} | (more or {})
