"""The files of the models that come with the product."""

import hashlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODELS = sorted(path for path in (ROOT / "models").iterdir() if path.is_dir())


def test_there_is_the_codes_detector():
    assert "codes-n-640" in [model.name for model in MODELS]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_file_is_the_one_that_was_released(model):
    """SHA256SUMS has the form of the command sha256sum."""
    lines = (model / "SHA256SUMS").read_text().splitlines()
    stated = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    files = {path.relative_to(model).as_posix(): path for path in model.rglob("*") if path.is_file()}
    for about in ("README.md", "SHA256SUMS"):
        del files[about]
    assert stated == {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}


def test_together_they_are_small():
    assert sum(path.stat().st_size for path in (ROOT / "models").rglob("*") if path.is_file()) < 8_000_000
