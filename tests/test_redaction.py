"""One policy object keeps secrets out of values, headers and errors."""

from __future__ import annotations

import copy
import re

import pytest

from asgi_stack.exceptions import AppError
from asgi_stack.redaction import REDACTED, SENSITIVE_FIELD_PATTERNS, Redactor, enrich_error
from tests.canaries import canary, card_number


def test_names_are_options() -> None:
    """An application adds sensitive names and allows harmless ones, for values and text alike."""
    redactor = Redactor(sensitive_names=("tax id",), allowed_names=("session",))

    assert redactor.is_sensitive("taxId")
    assert redactor.value({"tax_id": 5, "session": 6}) == {"tax_id": REDACTED, "session": 6}
    assert redactor.text("taxId=5 session=6") == f"taxId={REDACTED} session=6"


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"sensitive_names": "iban"}, TypeError),
        ({"allowed_names": "iban"}, TypeError),
        ({"sensitive_names": ("",)}, ValueError),
        ({"max_depth": 0}, ValueError),
        ({"max_items": 1}, ValueError),
    ],
)
def test_wrong_options_are_refused(options: dict[str, object], error: type[Exception]) -> None:
    """A policy that cannot work fails when it is made."""
    with pytest.raises(error):
        Redactor(**options)  # type: ignore[arg-type]


def test_policies_are_values() -> None:
    """Policies with equal options are equal, can be hashed and copied, and cannot be changed."""
    policy = Redactor(sensitive_names=("iban",))

    assert policy == Redactor(sensitive_names=("iban",)) != Redactor()
    assert len({policy, copy.copy(policy)}) == 1
    assert "iban" in repr(policy)
    with pytest.raises(AttributeError):
        policy.max_depth = 5  # type: ignore[misc]


def test_headers_are_parted() -> None:
    """Sensitive headers are named but not shown; the values of the others go through text."""
    secret = canary()
    raw = [
        (b"Host", b"shop.example"),
        (b"Authorization", f"Bearer {secret}".encode()),
        (b"cookie", secret.encode()),
        (b"Cookie", secret.encode()),
        (b"X-API-Key", secret.encode()),
        (b"X-Amz-Security-Token", secret.encode()),
        (b"Proxy-Authorization", secret.encode()),
        (b"Referer", f"https://bob:{secret}@host/?%74oken={secret}&code={secret}#access_token={secret}".encode()),
        (b"Sec-WebSocket-Key", b"dGhlIHNhbXBsZQ=="),
        (b"X-Odd", b"\xff"),
    ]

    shown, dropped = Redactor().headers(raw)

    assert dropped == ["authorization", "cookie", "x-api-key", "x-amz-security-token", "proxy-authorization"]
    assert secret not in repr(shown)
    assert shown[0] == ("host", "shop.example")
    assert shown[1][1].startswith(f"https://bob:{REDACTED}@host/?%74oken={REDACTED}&code=")
    assert shown[2:] == [("sec-websocket-key", "dGhlIHNhbXBsZQ=="), ("x-odd", "\xff")]


def test_urls_in_headers_are_redacted_like_queries() -> None:
    """From a question mark or hash on, a header's value is read as a query: encoded URLs in it hide nothing."""
    secret = canary()
    urls = [f"https://h/a?next=https%3A%2F%2Fx%2F%3Ftoken%3D{secret}&b=2", f"/a#x=Bearer%20{secret}", "/a?b=1#c"]

    shown, _ = Redactor().headers([(b"referer", url.encode()) for url in urls])

    assert [value for _, value in shown] == [f"https://h/a?next={REDACTED}&b=2", f"/a#x={REDACTED}", "/a?b=1#c"]


def test_a_harmless_header_costs_no_header() -> None:
    """Headers that come twice are shown twice, in order."""
    raw = [(b"accept", b"a"), (b"via", b"b"), (b"accept", b"c")]

    assert Redactor().headers(raw) == ([("accept", "a"), ("via", "b"), ("accept", "c")], [])


def test_an_app_error_takes_redacted_context() -> None:
    """The items are in the error's context, without secrets, and the same error comes back."""
    error = AppError("no stock")

    enriched = enrich_error(error, order_id=7, token=canary(), error="kept", payment={"number": card_number()})

    assert enriched is error
    assert error.context == {"order_id": 7, "token": REDACTED, "error": "kept", "payment": {"number": REDACTED}}


def test_any_other_error_takes_a_note() -> None:
    """Another exception gets one note of one line, which its traceback shows; nothing else about it changes."""
    error = KeyError("sku")

    enriched = enrich_error(error, order_id=7, token=canary(), note="a\nb", long="x" * 10_000)

    assert enriched is error
    assert error.args == ("sku",)
    (note,) = error.__notes__
    assert note.startswith('context: {"order_id":7,"token":"[REDACTED]","note":"a\\nb"')
    assert "\n" not in note
    assert len(note) == 2048


def test_no_context_is_no_note() -> None:
    """An error that is given no items stays as it is."""
    error = enrich_error(ValueError("x"))

    assert not hasattr(error, "__notes__")


def test_the_patterns_are_public() -> None:
    """SENSITIVE_FIELD_PATTERNS lists words and phrases in snake_case, sorted, each once; each is sensitive."""
    assert {"password", "token", "api_key", "key", "ssn", "card_number"} <= set(SENSITIVE_FIELD_PATTERNS)
    assert sorted(set(SENSITIVE_FIELD_PATTERNS)) == list(SENSITIVE_FIELD_PATTERNS)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", pattern) for pattern in SENSITIVE_FIELD_PATTERNS)
    assert all(map(Redactor().is_sensitive, SENSITIVE_FIELD_PATTERNS))


def test_repr_shows_what_differs_from_the_default() -> None:
    """A drawing of a stack is not filled with defaults."""
    assert repr(Redactor()) == "Redactor()"
    assert repr(Redactor(sensitive_names=("iban",), max_depth=3)) == "Redactor(sensitive_names=('iban',), max_depth=3)"
