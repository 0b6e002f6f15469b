"""Secrets go from free text; everything else stays, and no text takes long."""

from __future__ import annotations

import base64
import json
import secrets
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_stack.bounded_copy import REDACTED
from asgi_stack.redaction_names import NameMatcher
from asgi_stack.redaction_text import TextRedactor
from tests.canaries import canary, card_number

TEXTS = TextRedactor(NameMatcher())

SENSITIVE = [
    "password=§",
    "password = §",
    "password: §",
    "login failed: password=§ for user bob",
    "ValueError('password=§')",
    "PGPASSWORD=§ psql -h db",
    "--api-key=§ --verbose",
    "https://host/cb?token=§&state=1",
    "https://host/cb?code=§&state=1",
    "https://host/cb?a=1&sig=§",
    "https://host/cb#access_token=§",
    "https://host/?%74oken=§",
    "user[password]=§&user[name]=bob",
    "https://bob:§@host/path",
    "postgres://bob:§@localhost:5432/shop?x=1",
    "postgresql+asyncpg://bob:w/§#1@host/shop",
    "redis://:§@cache/0",
    "https://bob:§'x@host",
    "see https://host:8080/a or amqp://u:§@mq:5672/",
    "Authorization: Bearer §",
    "Authorization: Basic §",
    "authorization: ApiKey §",
    'Authorization: Digest username="bob", response="§"',
    "Proxy-Authorization: Basic §",
    "Cookie: theme=dark; sid=§",
    "set-cookie: sid=§; HttpOnly",
    "GET / HTTP/1.1\r\nX-Api-Key: §\r\nHost: shop",
    "called with Bearer §.",
    "called with BEARER  §",
    "called with Basic §== today",
    '{"password": "§"}',
    '{"password":"§","user":"bob"}',
    '{"a": {"client_secret": "§"}, "b": 1}',
    r"""{"password": "x\"§\\", "b": 1}""",
    '{"passwords": ["§", "§"], "b": 1}',
    '{\n  "credentials": {\n    "user": "bob",\n    "pin": "§"\n  }\n}',
    r"{\"password\": \"§\"}",
    r'"{\"a\": \"{\\\"token\\\": \\\"§\\\"}\"}"',
    "{'password': '§', 'b': 1}",
    "{'token': b'§'}",
    "{b'x-api-key': b'§'}",
    "User(name='bob', password='§')",
    "Settings(api_key=SecretText('§'), debug=True)",
    "cvv=§ ssn=§",
    "token=§,§;§ next",
    "secret='it''s §' next",
    'private_key="-----BEGIN\n§\n-----END" next',
    'token="§',
    "session => §",
    "pwd := §",
    "token=Bearer §",
    "access_token==§",
    "auth_token=[§, §] next",
    "secret=[1]§ next",
]
"""`§` stands where a secret is put."""

HARMLESS = [
    "",
    "ok",
    "GET /items/42",
    "order 4711 was shipped to region eu-west",
    "error_code=E42 status_code=404 exit code=1",
    "token_count=17 max_tokens=5 password_length: 12",
    "primary_key=5 cache_key: items:42 monkey=yes",
    "Key (email)=(a) already exists.",
    "Basic usage of the Basic plan, basic setup-guide.",
    "send a Bearer token; Bearer authentication failed",
    'WWW-Authenticate: Bearer realm="shop"',
    "http://host:8080/path?email=a@b.example",
    "https://bob@host/ and ssh://git@host and mailto:a@b.example",
    "http://[::1]:8080/a@b",
    "12:30:45 session closed",
    "the password is wrong",
    "no token given",
    "module::token and key://store",
    "2025-11-23T12:00:01.123456Z took 12.5 ms",
    "timestamp 1700000000000 and 1700000000000000",
    "3.1415926535897931 and 0.4111111111111111",
    "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    "4111111111111112",
    "4111 1111 1111 1112",
    "12 34 56 78 90 12 34 56",
    "heyJude.mp3.zip",
    "a=1&b=2&c=3",
    "x == y, a => b, c := d",
    "password=",
    "password: ",
    '{"password": ""}',
    "tokenizer: fast; keyboard: qwerty",
    "is_secret: true, has_token=false",
    "caf\u00e9 \u4e2d\u6587 \ud800 \x00",
]


@pytest.mark.parametrize("shape", SENSITIVE)
def test_secrets_vanish(shape: str) -> None:
    """Whatever stands at the place of the secret leaves nothing behind, and a mark stands there."""
    secret = canary()

    shown = TEXTS.redact(shape.replace("§", secret))

    assert secret not in shown
    assert REDACTED in shown


@pytest.mark.parametrize("text", HARMLESS)
def test_other_text_stays(text: str) -> None:
    """Text without one of the shapes comes back as it is."""
    assert TEXTS.redact(text) == text


@pytest.mark.parametrize(
    ("shape", "shown"),
    [
        ("login of bob: password=§, retry=3", f"login of bob: password={REDACTED}, retry=3"),
        ("f(password='§', retry=3)", f"f(password='{REDACTED}', retry=3)"),
        ('{"token":"§","retry":3}', f'{{"token":"{REDACTED}","retry":3}}'),
        ('{"msg":"token=§","retry":3}', f'{{"msg":"token={REDACTED}","retry":3}}'),
        ("?a=1&token=§&b=2", f"?a=1&token={REDACTED}&b=2"),
        ("Cookie: §\r\nHost: shop", f"Cookie: {REDACTED}\r\nHost: shop"),
        ("credentials = {§\n  line 2", f"credentials = {REDACTED}\n  line 2"),
        ("(secret=§)", f"(secret={REDACTED})"),
    ],
)
def test_what_stands_around_a_secret_stays(shape: str, shown: str) -> None:
    """Names, quotes, brackets and the following fields can still be read."""
    assert TEXTS.redact(shape.replace("§", canary())) == shown


def test_the_user_and_host_of_a_url_stay() -> None:
    """Only the password goes from a URL."""
    shown = TEXTS.redact(f"dsn postgres://bob:{canary()}@db.example:5432/shop is down")

    assert shown == f"dsn postgres://bob:{REDACTED}@db.example:5432/shop is down"


def test_basic_credentials_are_told_from_english() -> None:
    """Real credentials (RFC 7617) go, whatever user and password they encode."""
    for _ in range(50):
        token = base64.b64encode(f"{secrets.token_urlsafe(6)}:{secrets.token_urlsafe(6)}".encode()).decode()
        assert TEXTS.redact(f"sent Basic {token} twice") == f"sent Basic {REDACTED} twice"


@pytest.mark.parametrize("before", ["", "sent ", "'", "x=", "\\n", "token "])
def test_web_tokens_vanish(before: str) -> None:
    """A JSON web token goes, whatever stands before it."""
    parts = [{"alg": "HS256", "typ": "JWT"}, {"sub": canary()}]
    token = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    signature = secrets.token_urlsafe(32)

    assert TEXTS.redact(f"{before}{token}.{signature} next") == f"{before}{REDACTED} next"


@pytest.mark.parametrize("length", range(13, 20))
@pytest.mark.parametrize("gap", ["", " ", "-"])
def test_card_numbers_vanish(length: int, gap: str) -> None:
    """Numbers of 13 to 19 digits with a right check digit go, also in groups of four."""
    number = card_number(length)
    shape = gap.join(number[at : at + 4] for at in range(0, length, 4))

    assert TEXTS.redact(f"paid 12 with {shape}, 3 left") == f"paid 12 with {REDACTED}, 3 left"


def test_a_card_number_is_found_among_other_numbers() -> None:
    """Numbers before and after it do not hide a card number."""
    number = card_number()
    groups = [number[at : at + 4] for at in range(0, 16, 4)]

    assert TEXTS.redact(f"12 125 {' '.join(groups)}, 17 5") == f"12 125 {REDACTED}, 17 5"
    assert TEXTS.redact(f"{number[:4]} {number[4:10]} {number[10:]}") == REDACTED


def test_chance_hides_no_group_of_a_card_number() -> None:
    """Where the digits before a card number make a second number with its first groups, all of them go."""
    for _ in range(200):
        number = card_number()
        groups = [number[at : at + 4] for at in range(0, 16, 4)]
        shown = TEXTS.redact(f"on 2025 {' '.join(groups)} again")

        assert shown in {f"on 2025 {REDACTED} again", f"on {REDACTED} again"}


def test_a_wrong_check_digit_is_no_card() -> None:
    """A number that fails Luhn's check stays."""
    number = card_number()
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)

    assert TEXTS.redact(f"order {wrong}") == f"order {wrong}"


@given(st.text(), st.text())
def test_no_value_escapes_its_quotes(before: str, after: str) -> None:
    """In JSON, in JSON within JSON, and in a repr, the whole value goes, whatever characters it holds."""
    secret = canary()
    value = f"{before}{secret}{after}"
    record = {"a": 1, "password": value, "z": [2]}
    texts = (json.dumps(record), json.dumps(json.dumps(record)), repr(record), repr({"token": value.encode("utf-16")}))

    assert [text for text in texts if secret in TEXTS.redact(text)] == []


@given(st.text())
def test_no_password_escapes_its_url(password: str) -> None:
    """A percent-encoded password goes from a URL, whatever characters it encodes."""
    secret = canary()
    encoded = quote(password.encode("utf-8", "replace"), safe="")

    assert secret not in TEXTS.redact(f"at amqp://bob:{encoded}{secret}{encoded}@mq:5672/, see a@b.example")


FRAGMENTS = [
    *"=: \"'\\[]{}(),;&?@.-%|<>\n\r",
    *("//", "password", "api_key", "token", "http://", "u:p@h", "Bearer ", "Basic ", "eyJhbGciOiJIUzI1"),
    *("4111 1111 1111 1111", "4111", "Cookie: ", REDACTED, "%74oken", "abc", "=>", "b'", "\ud800"),
]


@given(st.one_of(st.text(), st.lists(st.sampled_from(FRAGMENTS), max_size=14).map("".join)))
def test_redacted_text_stays_as_it_is(text: str) -> None:
    """Redacting twice gives what redacting once gave."""
    once = TEXTS.redact(text)

    assert TEXTS.redact(once) == once


@pytest.mark.parametrize(
    "part",
    [
        *("a", "=", "a=", "4", "4111 ", "41111111-", "1.1111111111111", "12345678-1234-", "%74", "eyJ", "é=", " \t"),
        *("password=", 'password="', "password='\\", 'key=""', "token=[", "token=[1] ", 'token=["', '"token":{'),
        *("token=,,a", "password=a,a", "cookie:a\n", "cookie: ", "://a:", "//a:b@", "//a:@", 'token=\\\\"'),
        *("Bearer ", "bearer auth", "basic aaaa-", "secret=Bearer  ", "_token", "[key", "=>", "//u:p@h/?token=x "),
    ],
)
def test_hostile_text_takes_linear_time(part: str) -> None:
    """Ten times the text costs about ten times the time: 1 MB of what an attacker may send is no stop."""
    seconds: list[float] = []
    for length in (100_000, 1_000_000):
        text = part * (length // len(part))
        start = time.thread_time()
        TEXTS.redact(text)
        seconds.append(time.thread_time() - start)

    assert seconds[1] < 40 * max(seconds[0], 0.002)
