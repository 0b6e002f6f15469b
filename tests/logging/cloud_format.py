"""The format of Google's documentation as tables, a check of a line against them, and a log that is checked.

Sources: "Structured logging" (special fields), LogEntry, HttpRequest and LogSeverity of the Cloud Logging API v2,
ReportedErrorEvent and ErrorContext of the Error Reporting API v1beta1, and protobuf's mapping to JSON, by which a
64-bit integer is a text and a Duration ends with `s`.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final, TypeAlias

from asgi_stack import configure_structlog
from asgi_stack.logging.cloud_logging import cloud_entry
from asgi_stack.settings import LogSettings, ServiceSettings
from tests.logging.memory import lines

__all__ = ["DOCUMENTED", "REPORTED_ERROR", "configured", "converted", "format_errors", "valid_lines"]

Check: TypeAlias = "Callable[[object], bool] | Mapping[str, Check]"

REPORTED_ERROR: Final = "type.googleapis.com/google.devtools.clouderrorreporting.v1beta1.ReportedErrorEvent"
SERVICE: Final = {"service": "shop", "version": "1.4.2"}
SEVERITIES: Final = frozenset(
    {"DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY"}
)


def text(value: object) -> bool:
    """Accept a string."""
    return isinstance(value, str)


def boolean(value: object) -> bool:
    """Accept true and false."""
    return isinstance(value, bool)


def int32(value: object) -> bool:
    """Accept a number of 32 bits."""
    return type(value) is int and -(2**31) <= value < 2**31


def int64(value: object) -> bool:
    """Accept an integer of 64 bits, written as a text."""
    return text(value) and re.fullmatch(r"-?\d{1,19}", str(value)) is not None and int(str(value)) < 2**63


def duration(value: object) -> bool:
    """Accept seconds with up to nine digits after the point, and `s`."""
    return text(value) and re.fullmatch(r"\d{1,12}(\.\d{1,9})?s", str(value)) is not None


def rfc_3339(value: object) -> bool:
    """Accept a date and time that are one, to the nanosecond at most, with `Z`."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?Z", str(value))
    return found is not None and bool(datetime.fromisoformat(found[1]))


def matches(pattern: str) -> Callable[[object], bool]:
    """Accept a text of one form."""
    return lambda value: text(value) and re.fullmatch(pattern, str(value)) is not None


def labels(value: object) -> bool:
    """Accept a map of strings."""
    return isinstance(value, dict) and all(map(text, value)) and all(map(text, value.values()))


SPECIAL: Final = re.compile(r"logging\.googleapis\.com/.*[^_]$|timestamp(Seconds|Nanos)?$|eventTime$", re.DOTALL)
"""Keys with a meaning that no line of ours has, unless they are in the tables below."""

DOCUMENTED: Final = (
    *("severity", "message", "time", "httpRequest", "timestampSeconds", "timestampNanos"),
    *("serviceContext", "context", "eventTime", "@type"),
    *(
        f"logging.googleapis.com/{name}"
        for name in ("insertId", "labels", "operation", "sourceLocation", "spanId", "trace", "trace_sampled")
    ),
)
"""The special fields of both pages, as they list them."""

HTTP_REQUEST: Final[Mapping[str, Check]] = {
    "requestMethod": text,
    "requestUrl": text,
    "requestSize": int64,
    "status": int32,
    "responseSize": int64,
    "userAgent": text,
    "remoteIp": text,
    "serverIp": text,
    "referer": text,
    "latency": duration,
    "cacheLookup": boolean,
    "cacheHit": boolean,
    "cacheValidatedWithOriginServer": boolean,
    "cacheFillBytes": int64,
    "protocol": text,
}
HTTP_REQUEST_CONTEXT: Final[Mapping[str, Check]] = {
    "method": text,
    "url": text,
    "userAgent": text,
    "referrer": text,
    "responseStatusCode": int32,
    "remoteIp": text,
}
ERROR_CONTEXT: Final[Mapping[str, Check]] = {
    "httpRequest": HTTP_REQUEST_CONTEXT,
    "user": text,
    "reportLocation": {"filePath": text, "lineNumber": int32, "functionName": text},
}
LINE: Final[Mapping[str, Check]] = {
    "severity": lambda value: value in SEVERITIES,
    "message": text,
    "time": rfc_3339,
    "httpRequest": HTTP_REQUEST,
    "logging.googleapis.com/trace": matches(r"(projects/[^/]+/traces/)?[0-9a-f]{32}"),
    "logging.googleapis.com/spanId": matches(r"[0-9a-f]{16}"),
    "logging.googleapis.com/trace_sampled": boolean,
    "logging.googleapis.com/sourceLocation": {"file": text, "line": int64, "function": text},
    "logging.googleapis.com/labels": labels,
    "serviceContext": {"service": text, "version": text},
    "@type": lambda value: value == REPORTED_ERROR,
    "context": ERROR_CONTEXT,
}


def format_errors(line: Mapping[str, object]) -> list[str]:
    """Name what in a line is not as documented; all other keys are the user's, and free."""
    known = {key: value for key, value in line.items() if key in LINE or SPECIAL.match(key)}
    wrong = list(_errors(known, LINE, ""))
    wrong += [f"{key} is missing" for key in ("severity", "message") if key not in line]
    if "@type" in line:
        service = line.get("serviceContext")
        wrong += [] if isinstance(service, dict) and service.get("service") else ["serviceContext.service is missing"]
        wrong += [] if text(line.get("stack_trace")) else ["stack_trace is missing"]
    return wrong


def _errors(value: object, check: Check, path: str) -> Iterator[str]:
    if callable(check):
        if not check(value):
            yield f"{path} is {value!r}"
    elif not isinstance(value, dict):
        yield f"{path} is no object"
    else:
        for key, item in value.items():
            if key in check:
                yield from _errors(item, check[key], f"{path}.{key}")
            else:
                yield f"{path}.{key} is unknown"


def configured(gcp_project_id: str | None = None, **log: object) -> io.BytesIO:
    """Configure logging into memory, with the schema."""
    stream = io.BytesIO()
    settings = LogSettings.model_validate({"format": "json", "schema": "gcp", **log})
    service = ServiceSettings(name="shop", version="1.4.2")
    configure_structlog(settings, stream=stream, service=service, gcp_project_id=gcp_project_id)
    return stream


def valid_lines(stream: io.BytesIO) -> list[dict[str, object]]:
    """Parse what was written, all of it as documented."""
    written = lines(stream)
    assert [format_errors(line) for line in written] == [[]] * len(written)
    return written


def converted(entry: Mapping[str, object], project_id: str | None = None) -> dict[str, object]:
    """Give a record its new keys, and see that they are as documented."""
    record = cloud_entry(entry, SERVICE, project_id)
    assert format_errors(record) == []
    return record
