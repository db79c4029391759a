"""The library's messages in Python's logging."""

import logging
import subprocess
import sys

import numpy as np
import pytest
from support.tiny_models import SIDE, write_package

from inference_models import AutoModel


@pytest.fixture
def with_a_broken_package(tmp_path):
    """Two packages of a model, of which the first fails while loading: a warning."""
    for name in ("a", "b"):
        write_package(tmp_path / "model" / name)
    (tmp_path / "model/a/class_names.txt").write_text("one\ntwo\n")
    return tmp_path / "model"


def test_messages_go_to_the_logger(with_a_broken_package, caplog):
    with caplog.at_level(logging.INFO, logger="inference_models"):
        AutoModel.from_pretrained(with_a_broken_package)
    records = [(record.name, record.levelname) for record in caplog.records]
    assert records == [("inference_models", "WARNING"), ("inference_models", "INFO")]
    assert "b in OpenVINO is taken instead" in caplog.messages[0]
    assert "package=b" in caplog.messages[1]


def test_levels_are_the_logger_s(with_a_broken_package, caplog):
    with caplog.at_level(logging.ERROR, logger="inference_models"):
        AutoModel.from_pretrained(with_a_broken_package)
    assert caplog.records == []


@pytest.mark.parametrize("preparation", ["", "import logging; logging.basicConfig(); "])
def test_warnings_are_seen_by_default(with_a_broken_package, preparation):
    code = f"{preparation}import sys; from inference_models import AutoModel; AutoModel.from_pretrained(sys.argv[1])"
    command = [sys.executable, "-c", code, with_a_broken_package]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout == ""
    assert run.stderr.count("b in OpenVINO is taken instead") == 1


def test_logging_is_not_imported_where_there_is_nothing_to_say(package):
    code = (
        "import sys; from inference_models import AutoModel; "
        "AutoModel.from_pretrained(sys.argv[1]); assert 'logging' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, package], check=True)


def test_a_handler_may_use_the_library(with_a_broken_package, package):
    class Handler(logging.Handler):
        def emit(self, record):
            results.append(AutoModel.from_pretrained(package)(np.zeros((SIDE, SIDE, 3), np.uint8)))

    results = []
    handler = Handler()
    logger = logging.getLogger("inference_models")
    logger.addHandler(handler)
    try:
        AutoModel.from_pretrained(with_a_broken_package)
    finally:
        logger.removeHandler(handler)
    assert len(results[0][0]) == 1
