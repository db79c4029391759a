"""Loads of one model by id that meet faults, and what has to hold after each: nothing wrong lies where something right
is looked for, nothing lies outside of the cache, and the next load without the fault gives what one by path gives."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from support.faults import fault_environment
from support.models_by_id import MODEL, Client
from support.program import Run
from support.weights_api import Package, WeightsApi, package_files

OF_ONNX_RUNTIME = ("home/.cache", "tmp/.ses")  # which notes there who uses it
UNFINISHED = (".part", ".progress", ".progress.new")


def boxes(run: Run) -> list:
    assert run.code == 0, run.stderr
    return [entry["predictions"] for entry in run.json]


def contents(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes() for path in directory.rglob("*") if path.is_file()
    }


def facts(path: Path) -> tuple:
    """What must not change of something that is not ours."""
    status = path.lstat()
    is_file = path.is_file() and not path.is_symlink()
    return status.st_mode, path.read_bytes() if is_file else None


# --- Servers that err ----------------------------------------------------------------------------------------------


def response(api: WeightsApi, handler) -> bytes:
    """All that a right answer sends."""
    real, handler.wfile = handler.wfile, io.BytesIO()
    try:
        api.respond(handler)
        return handler.wfile.getvalue()
    finally:
        handler.wfile = real


def raw(change: Callable[[bytes], bytes]):
    """The right answer with its bytes changed, after which the connection ends."""

    def answer(api, handler):
        sent = change(response(api, handler))
        handler.close_connection = True
        handler.wfile.write(sent)

    return answer


def instead(status: int, body: bytes = b"", **headers: str):
    return lambda api, handler: handler.send(status, body, **headers)


def trickle(api: WeightsApi, handler) -> None:
    """The right answer in small pieces."""
    sent = response(api, handler)
    handler.close_connection = True
    for begin in range(0, len(sent), 1 << 14):
        handler.wfile.write(sent[begin : begin + (1 << 14)])
        time.sleep(0.005)


def inject(api: WeightsApi, where: str, fault, times: int | None = 1) -> None:
    """The first `times` requests of paths that begin so meet a fault; None: all of them."""
    left = itertools.count() if times is None else iter(range(times))
    lock = threading.Lock()

    def answer(handler) -> bool:
        if not handler.path.startswith(where):
            return False
        with lock:
            if next(left, None) is None:
                return False
        try:
            fault(api, handler)
        except OSError:  # the client has had enough
            handler.close_connection = True
        return True

    api.answer = answer


# --- Loads ---------------------------------------------------------------------------------------------------------


class Load:
    """One client with a cache and a server of its own. All that the program may take for a place to write to lies in
    one directory."""

    def __init__(self, loads: Loads, directory: Path, api: WeightsApi) -> None:
        self.loads = loads
        self.directory = directory
        self.api = api
        self.cache = directory / "cache"
        self.client = Client(None, self.cache, api.url)
        for name in ("home", "tmp", "work"):
            (directory / name).mkdir()
        self.outside: dict[str, tuple] = {}
        self.note_outside()

    def environment(self, env: dict[str, str] | None = None) -> dict[str, str]:
        ours = {name: value for name, value in os.environ.items() if not name.startswith("INFERENCE_MODELS_")}
        places = {"HOME": str(self.directory / "home"), "TMPDIR": str(self.directory / "tmp")}
        return ours | {"VIRTUAL_ENV": os.sys.prefix} | places | self.client.environment(**(env or {}))

    def with_fault(self, at: int | None = None, **fault) -> Run:
        """A load in which the `at`-th change below the cache goes wrong, as `fault_environment` says."""
        environment = fault_environment(self.loads.build_dir, self.cache, at, **fault)
        injected = {name: value for name, value in environment.items() if name.startswith(("LD_", "FAULT_"))}
        return finished(self.start(env=injected), may_be_killed=True)

    def start(self, *arguments, env: dict[str, str] | None = None) -> subprocess.Popen:
        """`inference-models predict` of the model, or another command of it."""
        arguments = arguments or ("predict", MODEL, self.loads.image, "--json")
        return subprocess.Popen(
            [self.loads.executable, *arguments],
            env=self.environment(env),
            cwd=self.directory / "work",
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def __call__(self, *arguments, env: dict[str, str] | None = None) -> Run:
        return finished(self.start(*arguments, env=env))

    @property
    def hub(self) -> Path:
        return self.cache / "hub"

    @property
    def package(self) -> Path:
        """Where the first package lies, once it does."""
        (found,) = self.hub.glob(f"models/*/packages/{self.api.packages[0].id}")
        return found

    def expect_nothing_wrong(self) -> None:
        for package in self.hub.glob("models/*/packages/[!.]*"):
            self.expect_whole(package)
        for blob in self.hub.glob("blobs/[!.]*"):
            assert hashlib.sha256(blob.read_bytes()).hexdigest() == blob.name
        for kept in (*self.hub.glob("models/*/listing.json"), *self.hub.glob("choices/[!.]*")):
            assert isinstance(json.loads(kept.read_bytes()), dict)
        for brought in self.hub.glob("models/*/downloads/*/*"):
            if not brought.name.endswith(UNFINISHED):
                assert brought.read_bytes() == self.files_of(brought.parent.name)[brought.name]
        self.expect_nothing_outside()

    def expect_nothing_outside(self) -> None:
        found = self.facts_outside()
        changed = [name for name in found | self.outside if found.get(name) != self.outside.get(name)]
        assert not changed

    def note_outside(self) -> None:
        """From now on what lies outside of the cache is to stay as it is."""
        self.outside = self.facts_outside()

    def facts_outside(self) -> dict[str, tuple]:
        found = {path.relative_to(self.directory).as_posix(): path for path in self.directory.rglob("*")}
        not_ours = ("cache", *OF_ONNX_RUNTIME)
        return {name: facts(path) for name, path in found.items() if not name.startswith(not_ours)}

    def files_of(self, package_id: str) -> dict[str, bytes]:
        return next(package.files for package in self.api.packages if package.id == package_id)

    def expect_whole(self, package: Path) -> None:
        assert not package.is_symlink()
        assert not [path for path in package.rglob("*") if path.is_symlink()]
        found = contents(package)
        manifest, config = json.loads(found.pop(".package.json")), json.loads(found.pop("model_config.json"))
        assert (manifest["package_id"], config["model_architecture"]) == (package.name, "yolov8")
        assert found == self.files_of(package.name)

    def expect_recovery(self) -> None:
        """Without the fault a load works, with the right files."""
        self.expect_nothing_wrong()
        self.api.answer = None
        assert boxes(self()) == self.loads.expected
        self.expect_nothing_wrong()
        self.expect_whole(self.package)

    def expect_failure(self, run: Run, *kinds: str) -> None:
        assert run.code in (1, 4), f"{run.code}: {run.stdout}{run.stderr}"
        assert not run.stdout
        assert run.error_kind in kinds, run.stderr
        assert run.hint


def finished(process: subprocess.Popen, may_be_killed: bool = False) -> Run:
    stdout, stderr = process.communicate(timeout=120)
    run = Run(process.returncode, stdout.decode(), stderr.decode(errors="replace"))
    assert may_be_killed or run.code >= 0, f"ended by signal {-run.code}: {run.stderr}"
    return run


class Loads:
    def __init__(self, program, build_dir: Path, folder: Path, image: Path, directory: Path) -> None:
        self.build_dir = build_dir
        self.executable = build_dir / "bin/inference-models"
        self.image = image
        self.directory = directory
        self.files = package_files(folder / MODEL / "onnxfp32")
        self.expected = boxes(program("predict", folder / MODEL, image, "--json"))
        assert self.expected[0]
        self._numbers = itertools.count()

    @contextmanager
    def load(self, packages: list[Package] | None = None):
        directory = self.directory / f"load-{next(self._numbers)}"
        directory.mkdir()
        with WeightsApi(MODEL, packages or [Package("onnxfp32", self.files)]).running() as api:
            yield Load(self, directory, api)
        shutil.rmtree(directory)

    def at_each(self, points: Iterable, check: Callable, workers: int = 6) -> int:
        """Calls `check` with each point and a load of its own, several at a time, and tells of all that fail."""

        def at(point) -> str | None:
            try:
                with self.load() as load:
                    check(load, point)
            except Exception as error:  # whatever is wrong at a point, the others are looked at too
                return f"at {point}: {type(error).__name__}: {error}"
            return None

        with ThreadPoolExecutor(workers) as pool:
            outcomes = list(pool.map(at, points))
        failures = [outcome for outcome in outcomes if outcome]
        assert not failures, f"{len(failures)} of {len(outcomes)}\n" + "\n".join(failures[:20])
        return len(outcomes)
