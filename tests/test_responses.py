"""Error responses: what a client is told, and the bytes that tell it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_stack import AppError, ErrorCode, RequestContext, Severity, UnauthorizedError
from asgi_stack.responses import (
    INTERNAL_ERROR,
    ErrorAnswer,
    ErrorResponse,
    ProblemDetails,
    answer_to,
    phrase_of,
    render_error,
)
from tests.odd_values import Unprintable

SERVICE = {"name": "orders", "version": "1.4.0", "environment": "testing"}
UUID = "b3c8a6de-55a9-4a3e-8f0d-27f7d3a5c9f1"
MEMBERS = {"type", "title", "status", "detail", "instance"}

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)  # fmt: skip
ANSWERS = st.builds(
    ErrorAnswer,
    status=st.integers(400, 599),
    error_code=st.sampled_from([*ErrorCode, "OUT_OF_STOCK"]),
    message=st.text(),
    severity=st.sampled_from(Severity),
    details=JSON_VALUES,
)
IDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", fullmatch=True) | st.uuids().map(str)
RECORDS = st.none() | st.builds(RequestContext, IDS, IDS)
DEBUG = st.none() | st.fixed_dictionaries(
    {
        "exception_type": st.text(),
        "stack_trace": st.text(),
        "error_context": st.dictionaries(st.text(), JSON_VALUES, max_size=3),
        "request": st.dictionaries(st.text(), JSON_VALUES, max_size=3),
    }
)


def expected(told: ErrorAnswer, record: RequestContext | None, body: dict[str, object]) -> dict[str, object]:
    """Give the fields that an ErrorResponse of an answer has; the time is the body's."""
    return {
        "error_code": told.error_code,
        "message": told.message,
        "details": told.details,
        "correlation_id": record.correlation_id if record else None,
        "request_id": record.request_id if record else None,
        "timestamp": body["timestamp"],
        "severity": told.severity,
        "service_info": SERVICE,
    }


class TestAnswers:
    """What becomes of an exception."""

    def test_foreign_exception_is_an_internal_error(self) -> None:
        """Nothing of an unknown exception is told."""
        assert answer_to(ValueError("secret")) is INTERNAL_ERROR

    def test_app_error_gives_all_it_has(self) -> None:
        """Status, code, message, details, severity and headers are the error's."""
        told = answer_to(UnauthorizedError("Log in", details={"realm": "shop"}))

        assert (told.status, told.error_code, told.message) == (401, ErrorCode.UNAUTHORIZED, "Log in")
        assert told.headers == [(b"www-authenticate", b"Bearer")]
        assert told.details == {"realm": "shop"}


class TestBody:
    """The bytes of an ErrorResponse."""

    @given(ANSWERS, RECORDS, DEBUG)
    def test_same_json_as_the_model(
        self, told: ErrorAnswer, record: RequestContext | None, debug: dict[str, object] | None
    ) -> None:
        """What is written from a dict is what the model would have written, with and without ids and debug_info."""
        body = json.loads(render_error(told, record, SERVICE, debug_info=debug).body)

        model = ErrorResponse.model_validate({**expected(told, record, body), "debug_info": debug})
        assert body == json.loads(model.model_dump_json())

    def test_time_has_its_zone(self) -> None:
        """The timestamp is the time of the answer, ISO 8601 in UTC."""
        before = datetime.now(UTC)

        stamp = json.loads(render_error(INTERNAL_ERROR, None, SERVICE).body)["timestamp"]

        assert stamp.endswith("Z")
        assert before <= datetime.fromisoformat(stamp) <= datetime.now(UTC)

    def test_details_that_json_has_no_form_for_are_still_written(self) -> None:
        """Details hold what an application put there; what JSON cannot express becomes the nearest thing."""
        cyclic: dict[object, object] = {(1, 2): b"\xff"}
        cyclic["self"] = cyclic
        details = {"raw": b"\xff", "set": {1}, "nan": float("nan"), 7: object(), "odd": Unprintable(), "cycle": cyclic}

        body = json.loads(render_error(answer_to(AppError("x", details=details)), None, SERVICE).body)

        assert set(body["details"]) == {"raw", "set", "nan", "7", "odd", "cycle"}
        assert ErrorResponse.model_validate(body).message == "x"


class TestProblem:
    """The bytes of problem details, RFC 9457."""

    @given(ANSWERS, RECORDS, DEBUG)
    def test_same_json_as_the_model(
        self, told: ErrorAnswer, record: RequestContext | None, debug: dict[str, object] | None
    ) -> None:
        """The five members come first, then what an ErrorResponse has; no key is there twice."""
        rendered = render_error(told, record, SERVICE, debug_info=debug, problem=True)

        pairs = json.loads(rendered.body, object_pairs_hook=lambda pairs: pairs)
        body = json.loads(rendered.body)
        assert len(pairs) == len(body)
        problem = {"title": phrase_of(told.status), "status": told.status, "detail": told.message}
        fields = {**expected(told, record, body), **problem, "instance": body.get("instance"), "debug_info": debug}
        assert body == json.loads(ProblemDetails.model_validate(fields).model_dump_json())

    def test_members_say_what_the_standard_asks(self) -> None:
        """With about:blank the title is that of the status; the message is the detail."""
        body = json.loads(render_error(answer_to(UnauthorizedError("Log in")), None, SERVICE, problem=True).body)

        assert [body[name] for name in ("type", "title", "status", "detail")] == [
            "about:blank",
            "Unauthorized",
            401,
            "Log in",
        ]

    def test_no_field_is_named_like_a_member(self) -> None:
        """So no extension can overwrite one of the five."""
        assert MEMBERS & set(ErrorResponse.model_fields) == set()
        assert set(ProblemDetails.model_fields) > MEMBERS

    def test_details_cannot_overwrite_a_member(self) -> None:
        """What an application names `status` or `type` in its details stays there."""
        error = AppError("x", status=409, details={"status": 200, "type": "https://evil.example", "title": "t"})

        body = json.loads(render_error(answer_to(error), None, SERVICE, problem=True).body)

        assert (body["status"], body["type"], body["title"]) == (409, "about:blank", "Conflict")

    @pytest.mark.parametrize(
        ("request_id", "instance"),
        [
            (UUID, f"urn:uuid:{UUID}"),
            (UUID.upper(), f"urn:uuid:{UUID.upper()}"),
            ("gateway-17", None),
            (UUID.replace("-", ""), None),
            (f"{UUID}0", None),
        ],
    )
    def test_instance_is_made_of_the_request_id(self, request_id: str, instance: str | None) -> None:
        """A UUID has a URI; any other id would be a path relative to the request's, so there is none."""
        body = json.loads(render_error(INTERNAL_ERROR, RequestContext("c-1", request_id), SERVICE, problem=True).body)

        assert body.get("instance") == instance
        assert ("instance" in body) is (instance is not None)

    def test_instance_can_be_given(self) -> None:
        """Who has a better URI for the occurrence says so."""
        rendered = render_error(INTERNAL_ERROR, RequestContext("c", UUID), SERVICE, problem=True, instance="/errors/7")

        assert json.loads(rendered.body)["instance"] == "/errors/7"
