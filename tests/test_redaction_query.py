"""Values of sensitive keys go from a raw query string; keys and their order stay."""

from __future__ import annotations

import time
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_stack.bounded_copy import REDACTED, TRUNCATED
from asgi_stack.redaction import Redactor
from tests.canaries import canary

REDACTOR = Redactor()

SENSITIVE_KEYS = [
    *("token", "password", "sig", "code", "X-Amz-Signature", "X-Goog-Signature", "TOKEN", "ToKeN", "CODE"),
    *("api_key", "apikey", "api-key", "api+key", "access_token", "X-Amz-Security-Token", "X-Amz-Credential"),
    *("%74oken", "%2574oken", "%252574oken", "to%6ben", "%50assword", "user%5Bpassword%5D", "user[password]"),
    *("+token", "token+", "%EF%BD%94oken", "api%20key", "key", "session_id", "jsessionid", "card_number", "s%69g"),
]

HARMLESS = [
    b"",
    b"a=1&b=2&c=3",
    b"page=2&sort=-created_at&limit=50",
    b"error_code=1&country_code=de&signed=1&lang=en",
    b"token_count=1&primary_key=5&is_private=1",
    b"q=a%20b+c&tag=x&tag=y&empty=&bare",
    b"email=a%40b.example&time=12:30",
    b"next=/orders?page=2",
    b"&&=&a&=b&;",
    b"url=https://host/path",
    "caf\u00e9=\u4e2d".encode(),
]


@pytest.mark.parametrize("key", SENSITIVE_KEYS)
def test_values_of_sensitive_keys_vanish(key: str) -> None:
    """Only the value goes: key and neighbours stay as they came, whatever the encoding of the key."""
    shown = REDACTOR.query(f"a=%41&{key}={canary()}&b=x+y".encode())

    assert shown == f"a=%41&{key}={REDACTED}&b=x+y"


@pytest.mark.parametrize("raw", HARMLESS)
def test_other_queries_stay(raw: bytes) -> None:
    """A query without secrets comes back as it is."""
    assert REDACTOR.query(raw) == raw.decode()


def test_repeated_keys_are_all_redacted() -> None:
    """A key that comes several times loses each of its values, in place."""
    shown = REDACTOR.query(f"token={canary()}&a=1&token=&a=2&Token={canary()}".encode())

    assert shown == f"token={REDACTED}&a=1&token={REDACTED}&a=2&Token={REDACTED}"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("token=§;§", f"token={REDACTED}"),
        ("a=1;token=§&b=2", f"a=1;token={REDACTED}&b=2"),
        ("token=§=§==", f"token={REDACTED}"),
        ("token%3D§", REDACTED),
        ("next=/cb?token=§&b=2", f"next={REDACTED}&b=2"),
        ("next=https%3A%2F%2Fbob%3A§%40host", f"next={REDACTED}"),
        ("next=https://bob:§@host&b=2", f"next={REDACTED}&b=2"),
        ("filter=%7B%22password%22%3A%22§%22%7D", f"filter={REDACTED}"),
        ("next=amqp%3A%2F%2Fbob%3A%252B§%40mq", f"next={REDACTED}"),
        ("next=amqp%3A%2F%2Fbob%3A+§%40mq", f"next={REDACTED}"),
        ("next=https://bob:a+§@host&b=2", f"next={REDACTED}&b=2"),
        ("a=Bearer+§", f"a={REDACTED}"),
        ("a=Basic%20§%3D%3D", f"a={REDACTED}"),
        ("state=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOjF9.§", f"state={REDACTED}"),
    ],
)
def test_secrets_in_odd_places_vanish(raw: str, shown: str) -> None:
    """Semicolons part pairs too, a value takes all up to the next `&`, and a value may be a whole URL or JSON."""
    assert REDACTOR.query(raw.replace("§", canary()).encode()) == shown


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"a=\xff", r"a=\xff"),
        (b"\xff\xfe=\x00&token=\xff", rf"\xff\xfe={chr(0)}&token={REDACTED}"),
        (b"%=%&%zz=%f&key%=1", "%=%&%zz=%f&key%=" + REDACTED),
        (b"token", "token"),
        (b"=token=", "=token="),
    ],
)
def test_odd_bytes_are_shown(raw: bytes, shown: str) -> None:
    """Bytes that are no UTF-8 and broken percent-encoding come through readable."""
    assert REDACTOR.query(raw) == shown


def test_options_of_the_policy_hold_for_queries() -> None:
    """Names that are added or allowed change what goes from a query."""
    redactor = Redactor(sensitive_names=("iban",), allowed_names=("code",))

    assert redactor.query(f"iban={canary()}&code=17".encode()) == f"iban={REDACTED}&code=17"


def test_a_long_query_is_cut_where_it_is_parsed() -> None:
    """What stands beyond 16 KiB of a query with secrets is not shown."""
    secret = canary()
    shown = REDACTOR.query(b"token=1&" + b"a=b&" * 5000 + f"x={secret}".encode())

    assert shown.startswith(f"token={REDACTED}&a=b&")
    assert shown.endswith(TRUNCATED)
    assert len(shown) < 17_000
    assert secret not in shown


@given(st.binary())
def test_no_query_is_refused(raw: bytes) -> None:
    """Any bytes give a text."""
    assert isinstance(REDACTOR.query(raw), str)
    assert isinstance(REDACTOR.query(b"token=1&" + raw), str)


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8))), st.text())
def test_keys_stay_and_the_secret_goes(pairs: list[tuple[str, str]], value: str) -> None:
    """Among any other pairs, a sensitive value goes and all keys stay in order."""
    secret = canary()
    before = [(f"k{key}", item) for key, item in pairs]
    query = urlencode([*before, ("token", f"{value}{secret}{value}")], errors="replace")

    shown = REDACTOR.query(query.encode())

    assert secret not in shown
    assert [key for key, _ in parse_qsl(shown, keep_blank_values=True)][-1] == "token"
    assert shown.count("&") == len(pairs)


@given(st.text())
def test_redacted_queries_stay_as_they_are(text: str) -> None:
    """Redacting twice gives what redacting once gave."""
    once = REDACTOR.query(f"a={quote(text.encode('utf-8', 'replace'))}&{text}&token={text}".encode("utf-8", "replace"))

    assert REDACTOR.query(once.encode()) == once


@pytest.mark.parametrize(
    "part", [b"%74", b"%", b"a=b&", b"key=", b"token=1&", b"%25", b":", b"%3a//", b"j0", b"token;"]
)
def test_hostile_queries_take_linear_time(part: bytes) -> None:
    """Ten times the query costs about ten times the time at most."""
    seconds: list[float] = []
    for length in (100_000, 1_000_000):
        raw = part * (length // len(part))
        start = time.thread_time()
        REDACTOR.query(raw)
        seconds.append(time.thread_time() - start)

    assert seconds[1] < 40 * max(seconds[0], 0.002)
