"""The record of one request, and the ids that tie its response, logs and reports together.

The record is mutable and shared by reference: a ContextVar points to it, so every copy of the context (a task, a worker
thread, a framework's handler) writes to the same one, and the layers outside read what was bound inside.
"""

from __future__ import annotations

import logging
import os
import re
from asyncio import get_running_loop
from contextlib import contextmanager, suppress
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from asgi_stack.log_fields import keep_log_fields, reset_quietly

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Callable, Generator
    from concurrent.futures import Executor

__all__ = [
    "CORRELATION_ID_HEADER",
    "REQUEST_ID_HEADER",
    "RequestContext",
    "current_request",
    "generate_correlation_id",
    "id_problem",
    "run_in_executor",
]

P = ParamSpec("P")
R = TypeVar("R")

CORRELATION_ID_HEADER: Final = "X-Correlation-ID"
"""Names the whole chain of calls that one user action starts; handed on from service to service."""

REQUEST_ID_HEADER: Final = "X-Request-ID"
"""Names one hop: one request to one service."""

MAX_ID_LENGTH: Final = 128

_logger: Final = logging.getLogger("asgi_stack.context")

_valid_id: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}").fullmatch

current_request: Final[ContextVar[RequestContext | None]] = ContextVar("asgi_stack_request", default=None)
"""Where the record is kept; users read it with `RequestContext.current()`."""


class RequestContext:
    """One request's facts, and what its handlers and layers note on it.

    Attributes:
        correlation_id: The id of the whole chain of calls, 1 to 128 characters of `A-Z a-z 0-9 . _ -`.
        request_id: The id of this request alone, of the same form.
        client_correlation_id: What the client sent, when inbound ids are not trusted; else None.
        method: `GET` and so on; None for a websocket and outside a request.
        path: The decoded path; None outside a request.
        route: The route's template (`/items/{id}`) where the app or its framework names it, else None.
        client: The peer's address without its port, where the server knows it.
        fields: What `bind` collected.
        database: What `DatabaseSessionMiddleware` keeps here for `get_async_session` and `get_db`, else None.
        error: The exception that the request ended in, while its layers still look at it.
        late_error: Whether that exception came after a complete response.
    """

    __slots__ = (
        "__weakref__",
        "client",
        "client_correlation_id",
        "correlation_id",
        "database",
        "error",
        "fields",
        "late_error",
        "method",
        "path",
        "request_id",
        "route",
    )

    def __init__(
        self,
        correlation_id: str,
        request_id: str,
        *,
        method: str | None = None,
        path: str | None = None,
        client: str | None = None,
        client_correlation_id: str | None = None,
    ) -> None:
        self.correlation_id = correlation_id
        self.request_id = request_id
        self.client_correlation_id = client_correlation_id
        self.method = method
        self.path = path
        self.route: str | None = None
        self.client = client
        self.fields: dict[str, object] = {}
        self.database: object = None
        self.error: BaseException | None = None
        self.late_error = False

    @staticmethod
    def current() -> RequestContext | None:
        """Give the record of the request that this code runs in, or None outside any request."""
        return current_request.get()

    def bind(self, /, **fields: object) -> RequestContext:
        """Add fields to the request line, the error line, a development error body and the reports.

        Works from any copy of the context: threads, tasks, framework handlers. A later value replaces an earlier one;
        a field named like one that is measured, such as `client`, is written as `client_`.
        """
        self.fields.update(fields)
        return self

    @classmethod
    @contextmanager
    def scope(cls, correlation_id: str | None = None, **fields: object) -> Generator[RequestContext]:
        """Give a job, a queue consumer or a script what a request has: ids in every log line inside the block.

        Args:
            correlation_id: The id that came with the job. None, or one that is not valid, is replaced by a new one,
                with a warning in the second case: a message from outside must not stop its consumer.
            **fields: Bound to the record from the start.
        """
        problem = None if correlation_id is None else id_problem(correlation_id)
        chosen = correlation_id if correlation_id is not None and problem is None else generate_correlation_id()
        record = cls(chosen, generate_correlation_id()).bind(**fields)
        outer = current_request.get()
        token = current_request.set(record)
        try:
            with keep_log_fields(outer, record):
                if correlation_id is not None and problem is not None:
                    warn_of_replaced_ids({"correlation_id": (len(correlation_id), problem)})
                yield record
        finally:
            record.error = None
            reset_quietly(current_request, token)

    def run_in_executor(
        self, executor: Executor | None, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs
    ) -> Future[R]:
        """Run a function in an executor's thread with this record as its context; `None` is the loop's own executor."""
        context = copy_context()
        context.run(current_request.set, self)
        return get_running_loop().run_in_executor(executor, lambda: context.run(function, *args, **kwargs))

    def __repr__(self) -> str:
        return f"<RequestContext {self.correlation_id} {self.method or '-'} request_id={self.request_id}>"


def run_in_executor(
    executor: Executor | None, function: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs
) -> Future[R]:
    """Run a function in an executor's thread with the whole context of the caller; `None` is the loop's own executor.

    `loop.run_in_executor` alone starts with an empty context, so a function run there would log without ids.
    """
    context = copy_context()
    return get_running_loop().run_in_executor(executor, lambda: context.run(function, *args, **kwargs))


def id_problem(value: str) -> str | None:
    """Say why a text is no valid id, or None when it is one.

    Returns:
        `empty`, `too_long` (over 128 characters) or `characters` (anything but `[A-Za-z0-9][A-Za-z0-9._-]*`).
    """
    if _valid_id(value):
        return None
    if not value:
        return "empty"
    return "too_long" if len(value) > MAX_ID_LENGTH else "characters"


def warn_of_replaced_ids(problems: dict[str, tuple[int, str]]) -> None:
    """Write the one warning about ids that were replaced; never their values, which may be forged log lines.

    It goes through the standard library's logging, which is there whatever else the service configured. A handler or
    filter that raises costs the warning, not the request.

    Args:
        problems: Source to its value's length and what is wrong with it.
    """
    replaced = {source: {"length": length, "reason": reason} for source, (length, reason) in problems.items()}
    with suppress(Exception):
        _logger.warning("invalid_id_replaced", extra={"replaced": replaced})


_POOL_SIZE: Final = 256
_pool: list[str] = []
_VERSION_4: Final = bytes((byte & 0x0F) | 0x40 for byte in range(256))
_VARIANT: Final = bytes((byte & 0x3F) | 0x80 for byte in range(256))


def generate_correlation_id() -> str:
    """Make a random UUID version 4 (RFC 9562 section 5.4): canonical, 36 lower-case characters.

    Ids come from `os.urandom`, 256 at a time: 0.3 us each instead of 1.7 us for `str(uuid.uuid4())`.
    """
    try:
        return _pool.pop()
    except IndexError:
        _pool.extend(_make_ids(_POOL_SIZE))
        return _make_ids(1)[0]


def _make_ids(count: int) -> list[str]:
    noise = bytearray(os.urandom(16 * count))
    noise[6::16] = noise[6::16].translate(_VERSION_4)
    noise[8::16] = noise[8::16].translate(_VARIANT)
    # Eight groups of four digits, of which a UUID joins the first two and the last three: 8-4-4-4-12.
    text = bytearray(noise.hex("-", 2).encode())
    del text[34::40]
    del text[29::39]
    del text[4::38]
    text[36::37] = b" " * (count - 1)
    return text.decode().split(" ")


if hasattr(os, "register_at_fork"):
    # A child must not hand out the ids that its parent still holds.
    os.register_at_fork(after_in_child=_pool.clear)
