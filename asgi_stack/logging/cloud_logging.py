"""Give a log record the keys that Google Cloud Logging and Error Reporting look for.

All names of theirs are in this file. Sources, as of November 2026:
https://cloud.google.com/logging/docs/structured-logging (special fields),
https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry (types),
https://cloud.google.com/error-reporting/docs/formatting-error-messages (errors).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, cast

from asgi_stack.encoding import encode_json
from asgi_stack.logging.record_cut import MAX_RECORD_BYTES, MORE, cut_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from asgi_stack.settings import ServiceSettings

__all__ = ["cloud_entry", "cloud_renderer"]

REPORTED_ERROR: Final = "type.googleapis.com/google.devtools.clouderrorreporting.v1beta1.ReportedErrorEvent"

TRACE: Final = "logging.googleapis.com/trace"
SPAN_ID: Final = "logging.googleapis.com/spanId"
TRACE_SAMPLED: Final = "logging.googleapis.com/trace_sampled"
SOURCE_LOCATION: Final = "logging.googleapis.com/sourceLocation"
LABELS: Final = "logging.googleapis.com/labels"

SEVERITIES: Final = {
    "trace": "DEBUG",  # uvicorn's own level
    "debug": "DEBUG",
    "info": "INFO",
    "notice": "NOTICE",
    "warning": "WARNING",
    "error": "ERROR",
    "critical": "CRITICAL",
    "alert": "ALERT",
    "emergency": "EMERGENCY",
}
"""Levels by the names of LogSeverity; any other is `DEFAULT`."""

_REPORTED: Final = frozenset({"ERROR", "CRITICAL", "ALERT", "EMERGENCY"})

_SPECIAL: Final = (
    *("trace", "spanId", "trace_sampled", "traceSampled", "sourceLocation", "labels", "insertId", "operation"),
    *("severity", "logName", "httpRequest", "http_request", "monitored_resource", "local_resource_id", "projectId"),
)
RESERVED: Final = frozenset(
    {
        *("severity", "message", "time", "httpRequest", "timestampSeconds", "timestampNanos"),
        *("@type", "serviceContext", "context", "eventTime"),
        *(f"logging.googleapis.com/{name}" for name in _SPECIAL),
    }
)
"""What a field may not be named: it would pass for something else, or, as an `insertId`, hide another line."""

LABELLED: Final = ("correlation_id", "request_id")

_INT64_END: Final = 2**63
_STATUS_END: Final = 1000
_LATENCY_END_MS: Final = 1e12
_REQUEST_LINE: Final = ("asgi_stack.request", "request_completed")
_TRACE_ID: Final = re.compile(r"(?!0{32})[0-9a-f]{32}")
_SPAN_ID: Final = re.compile(r"(?!0{16})[0-9a-f]{16}")


def cloud_renderer(
    service: ServiceSettings,
    project_id: str | None = None,
    encode: Callable[[object], bytes] = encode_json,
) -> Callable[[Mapping[str, object]], bytes]:
    """Make the renderer that takes the place of `render_json`: one line of JSON, cut at 64 KiB.

    Args:
        service: Who is named in errors.
        project_id: The Google Cloud project that traces belong to; without it a line has the plain trace id.
        encode: `encode_copied` where all values are finished and redacted.
    """
    named = {"service": service.name, "version": service.version}

    def render_cloud(entry: Mapping[str, object]) -> bytes:
        record = cloud_entry(entry, named, project_id)
        line = encode(record)
        return line if len(line) <= MAX_RECORD_BYTES else encode(_without_marks(cut_record(record)))

    return render_cloud


def cloud_entry(
    entry: Mapping[str, object], service: Mapping[str, str], project_id: str | None = None
) -> dict[str, object]:
    """Rename and regroup a finished record's fields; the record is not changed, and no value in it raises.

    Args:
        entry: What the JSON of the default schema would show; a text as `timestamp` is RFC 3339.
        service: The `service` and its `version`.
        project_id: As for `cloud_renderer`.

    A value that does not fit the documented type of its new key stays where it was.
    """
    severity = SEVERITIES.get(cast("str", entry.get("level")))
    fields = dict(entry) if RESERVED.isdisjoint(entry) else _beside_reserved(entry, severity)
    record: dict[str, object] = {"severity": severity or "DEFAULT"}
    if severity is not None:
        del fields["level"]
    time = fields.pop("timestamp", None)
    if isinstance(time, str):
        record["time"] = time
    event = fields.pop("event", "")
    record["message"] = event if isinstance(event, str) else encode_json(event).decode()
    if (fields.get("logger"), event) == _REQUEST_LINE:
        record["httpRequest"] = _taken_http_request(fields)
    if "trace_id" in fields:
        record.update(_taken_trace(fields, project_id))
    location = _taken_location(fields)
    if location:
        record[SOURCE_LOCATION] = location | {"line": str(location["line"])}
    labels = {name: fields[name] for name in LABELLED if isinstance(fields.get(name), str)}
    if labels:
        record[LABELS] = labels
    if isinstance(fields.get("stack_trace"), str):
        record.update(_error_fields(fields, location, service, is_reported=severity in _REPORTED))
    return record | fields


def _beside_reserved(entry: Mapping[str, object], severity: str | None) -> dict[str, object]:
    """Give the fields, those of reserved names with an underscore more."""
    fields: dict[str, object] = {}
    for key, value in entry.items():
        name = key
        while name in RESERVED or (name is not key and name in entry):
            name += "_"
        # An AppError's own, on most of its lines.
        if key != "severity" or not isinstance(value, str) or value != severity:
            fields[name] = value
    return fields


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _int64(value: object) -> str | None:
    """Write a size as JSON has 64-bit integers in Google's mapping: as a text."""
    return str(value) if type(value) is int and 0 <= value < _INT64_END else None


def _status(value: object) -> int | None:
    return value if type(value) is int and 0 <= value < _STATUS_END else None


def _duration(value: object) -> str | None:
    """Write milliseconds as a Duration: seconds, with up to nine digits after the point, and `s`."""
    is_number = type(value) in (int, float)
    ms = cast("float", value)
    return f"{ms / 1000:.6f}s" if is_number and 0 <= ms < _LATENCY_END_MS else None


_HTTP_REQUEST: Final[tuple[tuple[str, str, Callable[[object], object]], ...]] = (
    ("method", "requestMethod", _text),
    ("path", "requestUrl", _text),
    ("status_code", "status", _status),
    ("duration_ms", "latency", _duration),
    ("client", "remoteIp", _text),
    ("bytes_in", "requestSize", _int64),
    ("bytes_out", "responseSize", _int64),
    ("user_agent", "userAgent", _text),
)
"""Fields of a request line, by the keys of LogEntry's HttpRequest, with what gives a value its type."""


def _taken_http_request(fields: dict[str, object]) -> dict[str, object]:
    """Move what a request line tells of the exchange out of its fields; None, where nothing is known, is left out."""
    request: dict[str, object] = {}
    for name, key, typed in _HTTP_REQUEST:
        value = fields.pop(name, None)
        shown = None if value is None else typed(value)
        if shown is not None:
            request[key] = shown
        elif value is not None:
            fields[name] = value
    query = fields.get("query")
    if isinstance(query, str) and "requestUrl" in request:
        request["requestUrl"] = f"{request['requestUrl']}?{query}"
        del fields["query"]
    return request


def _taken_trace(fields: dict[str, object], project_id: str | None) -> dict[str, object]:
    trace_id, span_id, sampled = fields["trace_id"], fields.get("span_id"), fields.get("trace_sampled")
    if not isinstance(trace_id, str) or not _TRACE_ID.fullmatch(trace_id):
        return {}
    del fields["trace_id"]
    trace: dict[str, object] = {TRACE: f"projects/{project_id}/traces/{trace_id}" if project_id else trace_id}
    if isinstance(span_id, str) and _SPAN_ID.fullmatch(span_id):
        trace[SPAN_ID] = fields.pop("span_id")
    if isinstance(sampled, bool):
        trace[TRACE_SAMPLED] = fields.pop("trace_sampled")
    return trace


def _taken_location(fields: dict[str, object]) -> dict[str, object]:
    """Move the place of the log call out of the fields; empty where there is none."""
    site = fields.get("call_site")
    if not isinstance(site, dict):
        return {}
    told = cast("dict[str, object]", site)
    file, line, function = told.get("file"), told.get("line"), told.get("function")
    if not isinstance(file, str) or not isinstance(function, str) or _int64(line) is None:
        return {}
    del fields["call_site"]
    return {"file": file, "line": line, "function": function}


def _error_fields(
    fields: Mapping[str, object], location: Mapping[str, object], service: Mapping[str, str], *, is_reported: bool
) -> dict[str, object]:
    """Give what makes an event of a line with a stack trace, which Error Reporting reads before `message`."""
    if not is_reported:
        return {"serviceContext": service}
    error: dict[str, object] = {"@type": REPORTED_ERROR, "serviceContext": service}
    context: dict[str, object] = {}
    request = fields.get("request")
    if isinstance(request, dict):
        context["httpRequest"] = _failed_request(fields, cast("dict[str, object]", request))
    user = next((fields[name] for name in ("user_id", "user") if name in fields), None)
    named = _text(user) or _int64(user)
    if named:
        context["user"] = named
    if location:
        place = {"filePath": location["file"], "lineNumber": location["line"], "functionName": location["function"]}
        context["reportLocation"] = place
    return error | {"context": context} if context else error


def _failed_request(fields: Mapping[str, object], request: Mapping[str, object]) -> dict[str, object]:
    """Give the HttpRequestContext of an error line; `request` is what `capture_request_context` told."""
    path, query = _text(fields.get("path")), _text(request.get("query"))
    given = request.get("headers")
    headers = cast("dict[str, object]", given) if isinstance(given, dict) else {}
    told = {
        "method": _text(fields.get("method")),
        "url": f"{path}?{query}" if path and query else path,
        "userAgent": _text(headers.get("user-agent")),
        "referrer": _text(headers.get("referer")),
        "responseStatusCode": _status(fields.get("status_code")),
        "remoteIp": _text(request.get("client")),
    }
    return {key: value for key, value in told.items() if value is not None}


def _without_marks(record: dict[str, object]) -> dict[str, object]:
    """Take the mark for what was cut out of Google's own objects, which know no such field."""
    _unmark(record[key] for key in RESERVED if key in record)
    return record


def _unmark(values: Iterable[object]) -> None:
    for value in values:
        if isinstance(value, dict):
            told = cast("dict[str, object]", value)
            told.pop(MORE, None)
            _unmark(told.values())
