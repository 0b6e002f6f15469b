"""Every test of this folder has the logging of its process to itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.log_capture import logging_restored


@pytest.fixture(autouse=True)
def _logging_of_its_own() -> Iterator[None]:
    with logging_restored():
        yield
