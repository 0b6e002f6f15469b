"""Write Python's warnings as log lines, each on one line."""

from __future__ import annotations

import logging
import threading
import warnings
from typing import TYPE_CHECKING, Final, TextIO

from asgi_stack.logging.call_site import WARNINGS_LOGGER

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["capture_warnings"]


def capture_warnings() -> None:
    """Send warnings that would be shown to the logger `py.warnings`, with their category and the place warned about.

    It is `logging.captureWarnings(True)` in another form, and `logging.captureWarnings(False)` ends it. Filters of
    warnings decide as before what is shown.
    """
    # From the beginning: a test that restores what warnings shows leaves logging in the belief that it captures them.
    logging.captureWarnings(capture=False)
    logging.captureWarnings(capture=True)
    as_text = warnings.showwarning

    def log_warning(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if file is None:
            _log(str(message), category, filename, lineno)
        else:
            as_text(message, category, filename, lineno, file, line)

    show: Callable[..., None] = log_warning
    warnings.showwarning = show


_logging: Final = threading.local()


def _log(text: str, category: type[Warning], filename: str, line: int) -> None:
    """Write a warning, unless it came up while another one is written: it would bring up the next one."""
    logger = logging.getLogger(WARNINGS_LOGGER)
    if getattr(_logging, "warning", False) or not logger.isEnabledFor(logging.WARNING):
        return
    _logging.warning = True
    try:
        details = {"category": category.__name__}
        logger.handle(
            logger.makeRecord(WARNINGS_LOGGER, logging.WARNING, filename, line, text, (), None, extra=details)
        )
    finally:
        _logging.warning = False
