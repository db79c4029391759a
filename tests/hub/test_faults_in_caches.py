"""Loads by id from a cache in which somebody has put things that do not belong there."""

import json
import os
import shutil

import pytest
from support.faulty_loads import boxes

ID = "onnxfp32"


def model_of(load):
    (model,) = load.hub.glob("models/*")
    return model


def linked(path, elsewhere):
    """What lies at a path lies elsewhere from now on, and a link leads there."""
    if path.exists():
        shutil.move(path, elsewhere)
    path.symlink_to(elsewhere)
    return path


def link_to(path, target):
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)
    return path


def directory_with_a_file(place):
    place.mkdir()
    (place / "precious.txt").write_text("precious")
    (place / "weights.onnx").write_text("precious")
    return place


def precious(place):
    place.write_text("precious")
    return place


LINKS = {
    "package": lambda load, place: linked(load.package, place),
    "packages": lambda load, place: linked(model_of(load) / "packages", place),
    "model": lambda load, place: linked(model_of(load), place),
    "models": lambda load, place: linked(load.hub / "models", place),
    "blobs": lambda load, place: linked(load.hub / "blobs", place),
    "choices": lambda load, place: linked(load.hub / "choices", place),
    "listing": lambda load, place: linked(model_of(load) / "listing.json", place),
    "manifest": lambda load, place: linked(load.package / ".package.json", place),
    "tag": lambda load, place: linked(load.hub / "CACHEDIR.TAG", place),
    "salt": lambda load, place: linked(load.hub / "salt", place),
    "good copy": lambda load, place: linked(load.package / "weights.onnx", place),
    "good blob": lambda load, place: linked(sorted(load.hub.glob("blobs/*"))[0], place),
    "passwd": lambda load, place: link_to(load.package / "class_names.txt", "/etc/passwd"),
    "passwd in blobs": lambda load, place: link_to(sorted(load.hub.glob("blobs/*"))[0], "/etc/passwd"),
    "nowhere": lambda load, place: link_to(load.package / "class_names.txt", place),
    "itself": lambda load, place: link_to(load.package / "class_names.txt", "class_names.txt"),
    "lock": lambda load, place: link_to(model_of(load) / f"{ID}.lock", precious(place)),
    "lock to nowhere": lambda load, place: link_to(model_of(load) / f"{ID}.lock", place),
    "store lock": lambda load, place: link_to(load.hub / "store.lock", precious(place)),
    "salt lock": lambda load, place: link_to(load.hub / "salt.lock", precious(place)),
    "used": lambda load, place: link_to(model_of(load) / f"{ID}.used", precious(place)),
    "downloads": lambda load, place: link_to(model_of(load) / "downloads", directory_with_a_file(place)),
    "download": lambda load, place: link_to(model_of(load) / "downloads" / ID, directory_with_a_file(place)),
    "downloaded": lambda load, place: link_to(model_of(load) / "downloads" / ID / "weights.onnx", precious(place)),
    "part": lambda load, place: link_to(model_of(load) / "downloads" / ID / "weights.onnx.part", precious(place)),
    "progress": lambda load, place: link_to(
        model_of(load) / "downloads" / ID / "weights.onnx.progress", precious(place)
    ),
    "new progress": lambda load, place: link_to(
        model_of(load) / "downloads" / ID / "weights.onnx.progress.new", precious(place)
    ),
    "new package": lambda load, place: link_to(
        model_of(load) / "packages" / f".new-{ID}", directory_with_a_file(place)
    ),
    "old package": lambda load, place: link_to(
        model_of(load) / "packages" / f".old-{ID}", directory_with_a_file(place)
    ),
}


def forget_files(load):
    """All files have to be fetched again, and all is asked again."""
    for directory in (*load.hub.glob("models/*/packages/*"), *load.hub.glob("models/*/downloads")):
        if directory.is_dir() and not directory.is_symlink():
            shutil.rmtree(directory)
    for file in (*load.hub.glob("blobs/*"), *load.hub.glob("models/*/listing.json"), *load.hub.glob("models/*/*.used")):
        file.unlink()


@pytest.mark.parametrize("state", ["whole", "gone"])
def test_links_out_of_the_cache(loads, state):
    """Nothing behind a link is used, written or removed: it is put right, or there is one clear error. A link to a file
    that is to be replaced is replaced, not what lies behind it."""

    def check(load, name):
        boxes(load(env={"ROBOFLOW_API_KEY": "some-key"}))
        boxes(load())
        in_package = name in ("package", "packages", "manifest", "good copy", "good blob", "nowhere", "itself")
        if state == "gone" and not (in_package or "passwd" in name):
            forget_files(load)
        link = LINKS[name](load, load.directory / "elsewhere")
        load.note_outside()
        for key in ("", "some-key", "another-key"):
            run = load(env={"ROBOFLOW_API_KEY": key})
            load.expect_nothing_outside()
            if run.code == 0:
                assert boxes(run) == loads.expected
                assert not [path for path in load.package.rglob("*") if path.is_symlink()]
            else:
                load.expect_failure(run, "io_failure")
                assert str(link) in run.stderr
        if link.is_symlink():
            link.unlink()
        load.expect_recovery()

    loads.at_each(LINKS, check)


def deep(size):
    return b"[" * size + b"]" * size


def with_member(path, *steps, value):
    root = json.loads(path.read_bytes())
    member = root
    for step in steps[:-1]:
        member = member[step]
    member[steps[-1]] = value
    return json.dumps(root).encode()


FIRST_FILE = ("files", 0)
PAGE = ("metadata", "modelMetadata", "modelPackages", 0)
GARBAGE = {
    "empty": lambda path: b"",
    "garbage": lambda path: bytes(range(256)) * 16,
    "half": lambda path: path.read_bytes()[: path.stat().st_size // 2],
    "deep": lambda path: b'{"format_version": 1, "x": ' + deep(100_000) + b"}",
    "list": lambda path: b"[]",
    "nothing": lambda path: b"{}",
    "version": lambda path: with_member(path, "format_version", value=99),
    "twice": lambda path: b'{"format_version": 1, "format_version": 1}',
}
OF_LISTING = {
    "handle": lambda path: with_member(path, *PAGE, "packageFiles", 0, "fileHandle", value="../x"),
    "absolute": lambda path: with_member(path, *PAGE, "packageFiles", 0, "fileHandle", value="/etc/passwd"),
    "id": lambda path: with_member(path, *PAGE, "packageId", value="../../x"),
    "model": lambda path: with_member(path, "model_id", value="another"),
    "time": lambda path: with_member(path, "asked_at", value=-1),
    "far time": lambda path: with_member(path, "asked_at", value=7_000_000_000_000),
    "metadata": lambda path: with_member(path, "metadata", value="text"),
    "notes": lambda path: with_member(path, "notes", value=[1, None]),
}
OF_MANIFEST = {
    "handle": lambda path: with_member(path, *FIRST_FILE, "handle", value="../x"),
    "absolute": lambda path: with_member(path, *FIRST_FILE, "handle", value="/etc/passwd"),
    "size": lambda path: with_member(path, *FIRST_FILE, "size", value=2**63),
    "negative": lambda path: with_member(path, *FIRST_FILE, "size", value=-1),
    "hash": lambda path: with_member(path, *FIRST_FILE, "sha256", value="0" * 64),
    "time": lambda path: with_member(path, *FIRST_FILE, "mtime_ns", value=2**64),
    "no files": lambda path: with_member(path, "files", value=[]),
    "id": lambda path: with_member(path, "package_id", value="../x"),
}
OF_CHOICE = {
    "id": lambda path: with_member(path, "package_id", value="../../x"),
    "engine": lambda path: with_member(path, "engine", value="none"),
    "device": lambda path: with_member(path, "device", value="cuda:99999999999"),
    "time": lambda path: with_member(path, "chosen_at", value=10**30),
}
KEPT = {
    "listing": ("models/*/listing.json", OF_LISTING),
    "manifest": (f"models/*/packages/{ID}/.package.json", OF_MANIFEST),
    "choice": ("choices/*.json", OF_CHOICE),
}


def huge(path):
    os.truncate(path, 64 << 20)


def directory(path):
    path.unlink()
    path.mkdir()


def pipe(path):
    path.unlink()
    os.mkfifo(path)


OTHER_THINGS = {"64 MiB": huge, "directory": directory, "pipe": pipe}


@pytest.mark.parametrize("kept", KEPT)
def test_files_of_the_cache_that_make_no_sense(loads, kept):
    """They are as good as none."""
    place, hostile = KEPT[kept]
    texts = GARBAGE | hostile

    def check(load, name):
        boxes(load())
        (path,) = load.hub.glob(place)
        if name in OTHER_THINGS:
            OTHER_THINGS[name](path)
        else:
            text = texts[name](path)
            path.chmod(0o644)
            path.write_bytes(text)
        run = load()
        load.expect_nothing_outside()
        assert boxes(run) == loads.expected
        load.expect_whole(load.package)
        if name in OTHER_THINGS and not path.is_file():
            path.rmdir() if path.is_dir() else path.unlink()
        load.expect_recovery()

    loads.at_each([*texts, *OTHER_THINGS], check)
