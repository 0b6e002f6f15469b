"""The line that tells of a request once it is over, key by key."""

from __future__ import annotations

__all__ = ["RequestLine"]


class RequestLine:
    """What is written of a request: the attributes are the keys of its line, in the order in which they are set.

    To set them, and to take the object's `__dict__` for the line, costs half of what a dict of so many items does.
    The ids and `query` are set where there are any; `timestamp` is whatever the clock gives. What is put into the dict
    afterwards costs as much as copying it.
    """

    timestamp: object
    level: str
    logger: str
    event: str
    correlation_id: str
    request_id: str
    method: object
    path: object
    route: str | None
    status_code: object
    outcome: str
    duration_ms: float
    ttfb_ms: float | None
    bytes_in: int
    bytes_out: int
    client: object
    user_agent: str | None
    query: str
