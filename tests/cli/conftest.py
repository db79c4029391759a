"""What the tests of the program share."""

import pytest
from support.tiny_models import write_package


@pytest.fixture
def package(tmp_path):
    return write_package(tmp_path / "tiny")
