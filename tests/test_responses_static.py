"""The answer when no other can be written."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_stack import RequestContext
from asgi_stack.encoding import encode_json
from asgi_stack.responses import INTERNAL_ERROR, ErrorResponse, RenderedError, render_error, static_error
from asgi_stack.types import Header

SERVICE = {"name": "orders", "version": "1.4.0", "environment": "testing"}
UUID = "b3c8a6de-55a9-4a3e-8f0d-27f7d3a5c9f1"


def rendered_headers(rendered: RenderedError) -> list[Header]:
    """Give the headers that a default body of this length has."""
    return [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(rendered.body)),
        (b"cache-control", b"no-store"),
    ]


class TestStaticError:
    """A fixed body with the request's ids."""

    def test_it_is_a_whole_error_response(self) -> None:
        """With the service's JSON it is what the encoder would have written, ids included."""
        record = RequestContext("c-1", UUID)

        static = static_error(record, encode_json(SERVICE))

        rendered = render_error(INTERNAL_ERROR, record, SERVICE)
        assert {**json.loads(static.body), "timestamp": 0} == {**json.loads(rendered.body), "timestamp": 0}
        assert (static.status, static.headers) == (500, rendered_headers(static))
        assert ErrorResponse.model_validate_json(static.body).timestamp.tzinfo is not None

    def test_it_needs_nothing(self) -> None:
        """Without a record and a service the ids are null, and the service is left out."""
        static = static_error(None)

        body = json.loads(static.body)
        assert (body["correlation_id"], body["request_id"], "service_info" in body) == (None, None, False)
        assert static.headers == rendered_headers(static)

    @pytest.mark.parametrize("odd", ['"', "a\n", "a\u00e9", "a" * 129, "", "a b", "\u0661", b"bytes", 7, None])
    def test_odd_ids_are_null(self, odd: object) -> None:
        """An id of any other form than the safe one is not written."""
        record = RequestContext(odd, "r-1")  # type: ignore[arg-type]

        body = json.loads(static_error(record).body)

        assert (body["correlation_id"], body["request_id"]) == (None, "r-1")

    @given(st.text() | st.binary() | st.none())
    def test_any_id_gives_json(self, odd: object) -> None:
        """Whatever an id is, the body is one JSON object with either that id or none."""
        body = json.loads(static_error(RequestContext(odd, odd)).body)  # type: ignore[arg-type]

        assert body["request_id"] in (odd, None)

    def test_a_broken_record_is_no_obstacle(self) -> None:
        """A record that lacks its ids does not stop the answer."""
        assert json.loads(static_error(RequestContext.__new__(RequestContext)).body)["request_id"] is None
