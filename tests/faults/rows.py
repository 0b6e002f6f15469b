"""The rows of the fault table: number, title, and what a reader must know about how far each is tested."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["ROWS", "Row"]


@dataclass(frozen=True, slots=True)
class Row:
    """One fault.

    Attributes:
        number: As in the names of its tests: `test_row_07_...`.
        title: The fault, in a few words.
        in_process: Why its tests, or some of them, need no server.
        missing: What of the row no test asks for yet, and why.
        open: Why it does not hold yet, or has no test; its tests run, and are expected to fail.
    """

    number: int
    title: str
    in_process: str = ""
    missing: str = ""
    open: str = ""


_REPORTERS: Final = "Sentry and Google Cloud need their reporters"

ROWS: Final = (
    Row(1, "id with CR LF", in_process="no server lets CR LF into a header's value"),
    Row(2, "id that is too long, or empty", in_process="hypercorn refuses a head of 60 kB by itself"),
    Row(3, "id with control characters or fields", in_process="servers refuse NUL, ESC, or both by themselves"),
    Row(4, "two ids"),
    Row(5, "the app sets the id header itself"),
    Row(6, "valid id, the same everywhere", missing="the span's attribute and Sentry's tag need telemetry"),
    Row(7, "handler raises"),
    Row(8, "raise after the start"),
    Row(9, "raise after the last body"),
    Row(10, "return without a response"),
    Row(11, "start without an end"),
    Row(12, "body before start, two starts, unknown message", in_process="only there is it seen what the server gets"),
    Row(13, "odd forms of headers", in_process="only there is it seen that the app's own list is left alone"),
    Row(14, "header value with CR LF", in_process="only there is it seen that no start reaches the server"),
    Row(15, "status 999 or text", in_process="only there is it seen that no start reaches the server"),
    Row(16, "CancelledError", in_process="only there is it seen that it goes on and nothing is sent"),
    Row(17, "client leaves before the start"),
    Row(18, "client leaves in a stream", in_process="no server's send raises OSError today"),
    Row(19, "disconnect for ever", in_process="hypercorn tells of a disconnect once"),
    Row(20, "KeyboardInterrupt, SystemExit, GeneratorExit", in_process="only there is it seen what goes on, and unset"),
    Row(21, "exception groups", in_process="only there is it seen that a base group goes on"),
    Row(22, "HTTP exceptions with headers"),
    Row(23, "204, 304, HEAD, 101", in_process="only there is it seen what the server gets"),
    Row(24, "rendering the error fails"),
    Row(25, "the log fails", in_process="a failing handler of the standard library needs no server"),
    Row(26, "stalled standard output"),
    Row(27, "cyclic chains"),
    Row(28, "huge or mute exceptions"),
    Row(29, "odd requests", in_process="servers always give client, scheme and raw_path; the console is a second form"),
    Row(30, "secrets in the query", missing="spans and Cloud Logging need telemetry"),
    Row(31, "secrets in headers", missing=_REPORTERS),
    Row(32, "secrets in bodies, 50 MB body", missing=_REPORTERS),
    Row(33, "secrets in local variables", missing=_REPORTERS),
    Row(34, "database: constraint and cast errors"),
    Row(35, "database: bad address"),
    Row(36, "database: down at the start"),
    Row(37, "database: restarted under load"),
    Row(38, "database: black hole"),
    Row(39, "database: pool exhausted"),
    Row(40, "database: cancelled in a transaction"),
    Row(41, "database: failing session or commit"),
    Row(42, "database: many workers migrate", in_process="it is processes of the command that migrate"),
    Row(43, "aggregator unreachable", open="needs error reporting and telemetry"),
    Row(44, "exporter hangs at shutdown", open="needs telemetry"),
    Row(45, "SIGTERM with requests in flight"),
    Row(46, "websockets that fail", in_process="only there is it seen that no http message is sent"),
    Row(47, "lifespan that fails, or is none", in_process="no server has a scope of an unknown type"),
    Row(48, "frameworks, extensions, the stack twice", open="needs the adapters of the frameworks"),
    Row(49, "ids on kept-alive connections"),
    Row(50, "ids in threads, tasks and executors"),
)
