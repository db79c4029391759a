"""The cache of models in processes that are killed, or whose disk fails, at every single change that they make."""

import errno
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from support.cache import bring_package, prune  # noqa: E402
from support.faults import changes, fault_environment  # noqa: E402

FILES = {"weights.onnx": "w" * 70_000, "class_names.txt": "cat\ndog\n", "vit/config.json": '{"layers": 3}'}
OTHER = {"weights.onnx": FILES["weights.onnx"], "class_names.txt": "bird\n"}
EXPECTED = {**FILES, "model_config.json": "{}"}

CHILD = """
import sys
from support.cache import bring_package
library, cache, package, stated, milliseconds, journal, *files = sys.argv[1:]
status, output = bring_package(library, cache, package, stated, int(milliseconds), journal, files)
print(output)
sys.exit(status)
"""


class Cache:
    """A cache of models in a directory, used by processes of their own."""

    def __init__(self, directory: Path, build_dir: Path):
        self.directory = directory / "hub"
        self.journal = directory / "journal"
        self._build_dir = build_dir
        self._library = build_dir / "lib/libinference_models_testing.so"

    def start(self, package="p1", files=FILES, stated="md5", milliseconds=0, environment=None):
        """In a process of its own."""
        command = [self._library, self.directory, package, stated, milliseconds, self.journal, *as_list(files)]
        return subprocess.Popen(
            [sys.executable, "-c", CHILD, *map(str, command)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**(environment or os.environ), "PYTHONPATH": str(ROOT / "tests")},
        )

    def bring(self, package="p1", files=FILES, stated="md5"):
        return bring_package(self._library, self.directory, package, stated, 0, self.journal, as_list(files))

    def bring_with_fault(self, at=None, package="p1", files=FILES, stated="md5", **fault):
        environment = fault_environment(self._build_dir, self.directory, at, **fault)
        child = self.start(package, files, stated, environment=environment)
        output, errors = child.communicate(timeout=120)
        assert errors == ""
        return child.returncode, output.strip()

    def prune(self):
        return prune(self._library, self.directory)

    def brought(self):
        return sorted(self.journal.read_text().split()) if self.journal.exists() else []

    def packages(self):
        return sorted(self.directory.glob("models/*/packages/[!.]*"))

    def files(self):
        return sorted(
            path.relative_to(self.directory).as_posix() for path in self.directory.rglob("*") if path.is_file()
        )


def as_list(files):
    return [text for file in files.items() for text in file]


def contents(package: Path):
    return {
        path.relative_to(package).as_posix(): path.read_text()
        for path in package.rglob("*")
        if path.is_file() and path.name != ".package.json"
    }


@pytest.fixture
def cache(tmp_path, build_dir):
    return Cache(tmp_path, build_dir)


def copied(cache, tmp_path, build_dir, name):
    """The same cache in another place, with its hard links."""
    other = Cache(tmp_path / name, build_dir)
    (tmp_path / name).mkdir()
    if cache.directory.exists():
        subprocess.run(["cp", "-a", cache.directory, other.directory], check=True)
    return other


def number_of_changes(cache, tmp_path, build_dir, **options):
    counted = copied(cache, tmp_path, build_dir, "counted")
    log = tmp_path / "log"
    status, output = counted.bring_with_fault(log=log, **options)
    assert status == 0, output
    return len(changes(log))


def expect_whole_again(cache, **options):
    """What is in its place is right, a second run brings what is missing, and pruning leaves nothing but the cache."""
    for package in cache.packages():
        if package.name == "p1":
            assert contents(package) == EXPECTED
    status, output = cache.bring(**options)
    assert status == 0, output
    assert contents(Path(output)) == EXPECTED
    cache.prune()
    assert [name for name in cache.files() if "/." in name or "downloads/" in name] == [
        path.relative_to(cache.directory).as_posix() + "/.package.json" for path in cache.packages()
    ]
    journal = cache.brought()
    assert journal == sorted(set(journal)), "a file was brought twice"
    assert cache.bring(**options)[0] == 0
    assert cache.brought() == journal


@pytest.mark.parametrize("stated", ["md5", "sha256"])
def test_killed_at_every_change(cache, tmp_path, build_dir, stated):
    count = number_of_changes(cache, tmp_path, build_dir, stated=stated)
    assert count > 40
    for at in range(1, count + 1):
        broken = copied(cache, tmp_path, build_dir, f"killed-{at}")
        status, _ = broken.bring_with_fault(at, stated=stated, torn=True)
        assert status == -signal.SIGKILL, at
        expect_whole_again(broken, stated=stated)
        shutil.rmtree(broken.directory.parent)


def test_killed_at_every_change_while_a_damaged_package_is_replaced(cache, tmp_path, build_dir):
    assert cache.bring(package="p2", files=OTHER)[0] == 0
    status, package = cache.bring()
    assert status == 0
    damaged = Path(package) / "class_names.txt"
    damaged.chmod(0o644)
    damaged.write_text("cow\nhen\n")
    count = number_of_changes(cache, tmp_path, build_dir)
    for at in range(1, count + 1):
        broken = copied(cache, tmp_path, build_dir, f"killed-{at}")
        status, _ = broken.bring_with_fault(at)
        assert status == -signal.SIGKILL, at
        expect_damage_or_repair(broken)
        shutil.rmtree(broken.directory.parent)


def expect_damage_or_repair(cache):
    """The damaged package is still there as it was, or away, or whole."""
    found = [contents(path)["class_names.txt"] for path in cache.packages() if path.name == "p1"]
    assert found in ([], ["cow\nhen\n"], [FILES["class_names.txt"]])
    status, output = cache.bring()
    assert status == 0, output
    assert contents(Path(output)) == EXPECTED
    assert cache.brought().count("weights.onnx") == 0
    assert cache.bring(package="p2", files=OTHER)[0] == 0


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO], ids=errno.errorcode.get)
def test_a_disk_that_fails_at_every_change(cache, tmp_path, build_dir, code):
    """One call fails, or all from there on. What is done afterwards alone may fail in silence: then all is there."""
    count = number_of_changes(cache, tmp_path, build_dir)
    for at in range(1, count + 1):
        broken = copied(cache, tmp_path, build_dir, f"failed-{at}")
        status, output = broken.bring_with_fault(at, error=code, always=at % 2 == 0)
        if status == 0:
            assert contents(Path(output)) == EXPECTED
        else:
            assert output.startswith(f"io_failure: {broken.directory}")
            assert os.strerror(code) in output
            assert "INFERENCE_HOME" in output
        expect_whole_again(broken)
        shutil.rmtree(broken.directory.parent)


def test_a_file_system_without_hard_links(cache):
    for package, files in (("p1", FILES), ("p2", OTHER)):
        status, output = cache.bring_with_fault(1, package=package, files=files, error=errno.EPERM, always=True,
                                                calls=("link",))  # fmt: skip
        assert status == 0, output
        assert contents(Path(output)) == {**files, "model_config.json": "{}"}
        assert (Path(output) / "weights.onnx").stat().st_nlink == 1
    assert cache.brought().count("weights.onnx") == 1
    size = sum(len(text) for text in set(FILES.values()) | set(OTHER.values()))
    assert cache.prune() == f"0 4 {size}"
    assert cache.bring()[0] == 0
    assert len(cache.brought()) == 4


def test_a_read_only_cache_gives_what_it_has(cache):
    assert cache.bring()[0] == 0
    before = cache.files()
    status, output = cache.bring_with_fault(1, error=errno.EROFS, always=True)
    assert (status, contents(Path(output))) == (0, EXPECTED)
    for manifest in cache.directory.glob("models/*/packages/p1/class_names.txt"):
        os.utime(manifest, (1, 1))  # is read, and the new time cannot be kept
    status, output = cache.bring_with_fault(1, error=errno.EROFS, always=True)
    assert (status, contents(Path(output))) == (0, EXPECTED)
    status, output = cache.bring_with_fault(1, package="p2", files=OTHER, error=errno.EROFS, always=True)
    assert status == 3
    assert output.startswith(f"io_failure: {cache.directory}")
    assert "Read-only file system" in output
    assert "INFERENCE_HOME" in output
    assert cache.files() == before


def test_eight_processes_bring_a_package_once(cache):
    children = [cache.start(milliseconds=300) for _ in range(8)]
    for child in children:
        output, errors = child.communicate(timeout=120)
        assert (child.returncode, errors) == (0, ""), output
        assert contents(Path(output.strip())) == EXPECTED
    assert cache.brought() == sorted(FILES)


def test_processes_that_are_killed_while_others_wait(cache):
    """A lock ends with its process, so the next one goes on where that was killed."""
    first = cache.start(milliseconds=60_000)
    while len(cache.brought()) < len(FILES):
        assert first.poll() is None
    second = cache.start()
    first.kill()
    first.communicate()
    output, errors = second.communicate(timeout=120)
    assert (second.returncode, errors) == (0, ""), output
    assert contents(Path(output.strip())) == EXPECTED


def test_what_is_renamed_is_on_the_disk_before(cache, tmp_path):
    """A process that is killed loses no write; a machine that stops does. So the order of the calls is looked at."""
    log = tmp_path / "log"
    assert cache.bring_with_fault(log=log)[0] == 0
    calls = [tuple(line.split(" ", 1)) for line in changes(log)]
    synchronised = set()
    changed_directories = set()
    made = set()
    for call, text in calls:
        path = Path(text)
        if call in ("open", "write"):
            synchronised.discard(path)
        elif call == "fdatasync":
            synchronised.add(path)
        elif call == "fsync":
            changed_directories.discard(path)
        elif call == "rename" and path.parent.name == "packages":
            assembled = path.parent / f".new-{path.name}"
            assert not [directory for directory in changed_directories if directory.is_relative_to(assembled)]
            assert cache.directory / "blobs" not in changed_directories
        elif call == "rename":
            aside = [file for file in synchronised if file.name.startswith(f".{path.name}.")]
            assert aside, f"{path} was renamed before its contents were on the disk"
        is_made_before = call == "mkdir" and path in made
        if call in ("rename", "link", "mkdir") and path != cache.directory and not is_made_before:
            changed_directories.add(path.parent)
        if call == "mkdir":
            made.add(path)
    assert not {directory for directory in changed_directories if directory.exists()}
