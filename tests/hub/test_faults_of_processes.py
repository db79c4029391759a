"""Loads by id in processes that are killed, and on disks that fail, at every single change that they make."""

import errno
import os
import random
import signal
import time
from collections import Counter

import pytest
from support.faults import changes
from support.faulty_loads import boxes, finished, inject, trickle
from support.weights_api import Package

KILLED = -signal.SIGKILL


def count_of_changes(loads, prepare=lambda load: None):
    with loads.load() as load:
        prepare(load)
        log = load.directory.parent / "changes"
        assert boxes(load.with_fault(log=log)) == loads.expected
        found = changes(log)
        log.unlink()
    return len(found)


def damage(load):
    """A package whose smallest file is another, of the same size."""
    assert boxes(load()) == load.loads.expected
    file = load.package / "class_names.txt"
    file.unlink()
    file.write_bytes(b"other\n")


# --- Killed ----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_killed_at_every_change_of_a_first_load(loads):
    count = count_of_changes(loads)
    assert count > 60

    def check(load, at):
        run = load.with_fault(at, torn=at % 2 == 0)
        # How often a download notes how far it is depends on the time, so the last few may be no more.
        assert run.code == KILLED or at > count - 3
        load.expect_recovery()

    loads.at_each(range(1, count + 1), check)


@pytest.mark.slow
def test_killed_at_every_change_while_a_damaged_package_is_replaced(loads):
    count = count_of_changes(loads, damage)
    assert count > 15

    def check(load, at):
        damage(load)
        run = load.with_fault(at)
        assert run.code == KILLED or at > count - 3
        package = load.package if list(load.hub.glob("models/*/packages/onnxfp32")) else None
        if package and (package / "class_names.txt").read_bytes() == b"other\n":
            load.expect_nothing_outside()
            assert boxes(load()) == loads.expected  # what is damaged and in its place is seen
        load.expect_recovery()

    loads.at_each(range(1, count + 1), check)


@pytest.mark.slow
def test_killed_at_any_moment(loads):
    """The download takes most of the time, so most of the moments lie in it."""
    padding = random.Random(1).randbytes(300_000)
    moments = [random.Random(number).uniform(0, 0.35) for number in range(200)]
    seen = Counter()

    def check(load, moment):
        load.api.packages = [Package("onnxfp32", {**loads.files, "padding.bin": padding})]
        inject(load.api, "/files/", trickle, times=None)
        process = load.start()
        time.sleep(moment)
        process.kill()
        finished(process, may_be_killed=True)
        seen["part"] += any(load.hub.rglob("*.part"))
        seen["nothing"] += not load.cache.exists()
        load.expect_recovery()

    loads.at_each(moments, check)
    assert seen["part"] >= 20, seen


def test_killed_while_seven_others_wait(loads):
    """One of them goes on in its place, and what had arrived whole is not fetched again by the rest."""

    def check(load, moment):
        inject(load.api, "/files/", trickle, times=None)
        first = load.start()
        while not load.api.paths(moment):
            assert first.poll() is None, finished(first)
            time.sleep(0.001)
        others = [load.start() for _ in range(7)]
        time.sleep(0.03)
        first.kill()
        finished(first, may_be_killed=True)
        assert [boxes(finished(other)) for other in others] == [loads.expected] * 7
        served = Counter(path for path in load.api.paths("/files/"))
        assert max(served.values()) <= 2, served
        load.expect_recovery()

    loads.at_each(["/models", "/files/", "/files/onnxfp32/weights.onnx"], check, workers=1)


# --- Disks that fail -------------------------------------------------------------------------------------------------


def expect_one_clear_error(load, run, code):
    """Unless what failed was of no importance to this load."""
    if run.code == 0:
        assert boxes(run) == load.loads.expected
        return
    assert run.code == 1, f"{run.code}: {run.stderr}"
    assert not run.stdout
    assert run.error_kind == "io_failure", run.stderr
    assert str(load.cache) in run.stderr
    assert run.stderr.count(os.strerror(code)) == 1, run.stderr
    assert any(word in run.hint for word in ("INFERENCE_HOME", "may write")), run.hint


@pytest.mark.parametrize(
    ("code", "always"),
    [
        (errno.ENOSPC, True),
        *(pytest.param(code, always, marks=pytest.mark.slow) for code, always in (
            (errno.ENOSPC, False), (errno.EIO, False), (errno.EIO, True), (errno.EROFS, False), (errno.EROFS, True),
            (errno.EDQUOT, True),
        )),
    ],
    ids=lambda value: errno.errorcode.get(value, value) if value not in (True, False) else str(value),
)  # fmt: skip
def test_a_disk_that_fails(loads, code, always):
    """At each change: that one, or all from there on."""
    count = count_of_changes(loads)
    failed = Counter()

    def check(load, at):
        run = load.with_fault(at, error=code, always=always)
        failed[run.code] += 1
        expect_one_clear_error(load, run, code)
        load.expect_recovery()

    loads.at_each(range(1, count + 1), check)
    assert failed[1] > count / 2, failed


def test_a_disk_that_is_full_says_what_is_needed(loads):
    """The download itself meets it: it names the directory, and what to do."""

    def check(load, call):
        run = load.with_fault(1, error=errno.ENOSPC, always=True, calls=(call,))
        expect_one_clear_error(load, run, errno.ENOSPC)
        load.expect_recovery()

    loads.at_each(["write", "truncate", "mkdir", "open", "link", "rename", "fsync", "fdatasync"], check)


def test_a_cache_that_cannot_be_written_at_all(loads):
    with loads.load() as load:
        load.cache.write_text("")
        run = load()
        assert (run.code, run.error_kind) == (1, "io_failure")
        assert "INFERENCE_HOME" in run.hint
        load.cache.unlink()
        load.expect_recovery()


def test_files_that_have_arrived_are_not_fetched_again(loads):
    """Whatever ends a load behind the download, or while other files are still on their way."""
    with loads.load() as load:
        run = load.with_fault(1, error=errno.ENOSPC, calls=("link",))
        expect_one_clear_error(load, run, errno.ENOSPC)
        load.expect_recovery()
        assert len(load.api.paths("/files/")) == 3
    with loads.load() as load:

        def refuse_once_the_others_are_here(api, handler):
            while (
                len(list(load.hub.glob("models/*/downloads/*/*.txt")))
                + len(list(load.hub.glob("models/*/downloads/*/*.json")))
                < 2
            ):
                time.sleep(0.005)
            handler.send(404, b"")

        inject(load.api, "/files/onnxfp32/weights.onnx", refuse_once_the_others_are_here)
        load.expect_failure(load(), "retrieval_failure")
        load.expect_recovery()
        assert Counter(load.api.paths("/files/")) == {
            "/files/onnxfp32/class_names.txt": 1,
            "/files/onnxfp32/inference_config.json": 1,
            "/files/onnxfp32/weights.onnx": 2,
        }
