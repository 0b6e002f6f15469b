"""The promise of redaction, shape by shape: secrets made anew in each run vanish, and harmless texts stay."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_stack.bounded_copy import REDACTED
from asgi_stack.redaction import Redactor
from tests.canaries import canary, card_number

REDACTOR = Redactor()

SENSITIVE = [
    # values of names
    "password: §",
    "password='a §'",
    'password="§ b"',
    "password=`§`",
    "PASSWORD := §",
    "user.password => §",
    "config['password'] = '§'",
    'os.environ["API_KEY"] = "§"',
    "self.conn[b'secret'] = b'§'",
    "Key (token)=(§) already exists.",
    "host=db user=bob password=§ dbname=shop",
    r"host=db password='a\'§' dbname=shop",
    "Server=db;User Id=bob;Password=§;Database=shop",
    "jdbc:postgresql://db/shop?user=bob&password=§",
    "[parameters: {'password': '§', 'id': 1}]",
    "UPDATE users SET password='§' WHERE id=1",
    "export API_KEY=§",
    "  - DATABASE_PASSWORD=§",
    "grant_type=password&username=bob&password=§",
    "client_id=shop&client_secret=§&code=1",
    "Login(user='bob', access_token='§', retry=3)",
    "TypeError: login(user='bob', pwd='§') got an unexpected keyword",
    "cvv: §, ssn: §, cvc=§",
    "token=${§}",
    "token=<§>",
    "token=eyJ.§",
    "secret: [§, §]",
    "private_key='-----BEGIN\n§\n-----END'",
    'passphrase="§',
    # JSON, and JSON in texts
    '{"password":"§"}',
    '{"password":\n  "§"}',
    '{"user": {"name": "bob", "apiKey": "§"}}',
    '{"cookies": {"sid": "§", "other": ["§", {"a": "§"}]}}',
    '{"session id": "§", "user": "bob"}',
    "{'card number': '§', 'owner': 'bob'}",
    '{"token": null, "refresh_token": "§"}',
    r'{"a": "{\"password\": \"§\"}"}',
    r'{"a": "{\"b\": \"{\\\"password\\\": \\\"§\\\"}\"}"}',
    r"{\"password\":\"a\\\"§\"}",
    r'{"a": "{\"secrets\": [{\"v\": \"]}§\"}]}"}',
    'body: b\'{"password": "§"}\'',
    '{:password=>"§", :user=>"bob"}',
    # pairs, as headers are written
    "[(b'host', b'shop'), (b'cookie', b'sid=§')]",
    "{'headers': [(b'x-api-key', b'§')], 'type': 'http'}",
    "bad header (b'authorization', b'Token §')",
    '[["host", "shop"], ["x-auth-token", "§"]]',
    '[\n  [\n    "cookie",\n    "§"\n  ]\n]',
    r'{"headers": "[[\"set-cookie\", \"§\"]]"}',
    "[('password', ['§', 1])]",
    # headers
    "Authorization: Bearer §",
    "authorization:Negotiate §",
    "'Authorization': 'AWS4-HMAC-SHA256 Credential=§/20250101, Signature=§'",
    "POST /login HTTP/1.1\r\nHost: shop\r\nCookie: theme=dark; sid=§\r\n\r\n",
    "curl -H 'X-Api-Key: §' -H \"Authorization: Bearer §\" https://shop",
    "X-Amz-Security-Token: §",
    'Proxy-Authorization: Digest username="bob", response="§"',
    r"ValueError('bad request\ncookie: theme=dark; sid=§')",
    r"ValueError('bad request\r\napi_key=§')",
    r"ValueError('bad request\nBearer §')",
    "bearer §",
    "(Bearer §)",
    "Basic §==",
    # URLs
    "https://bob:§@host/",
    "https://bob:p:§@host/",
    "https://bob:p@§@host/",
    "https://:§@host/",
    "//bob:§@host/x",
    "smtp://bob@shop.example:§@mail.example:25",
    r"{\"url\":\"https:\/\/bob:§@host\/x\"}",
    "mongodb+srv://bob:§@cluster/shop?w=majority",
    "postgres://bob:§@[::1]:5432/shop",
    "sqlalchemy.exc: (postgresql+asyncpg://bob:p,§@db/shop) refused",
    "GET /cb?code=§&state=x HTTP/1.1",
    "https://host/#code=§",
    "https://host/?a=1&X-Amz-Signature=§&X-Amz-Credential=§",
    "https://host/?%74oken=§",
    "https://host/?%2574oken=§",
    "https://host/?a=1&%252574oken=§#b",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI§",
    "jwt eyJhbGciOiJkaXIifQ..§.x.§ expired",
]
"""`§` stands where a secret is put."""

HARMLESS = [
    *("started", "GET /orders/7 -> 200 in 3.2 ms", "user bob logged in from 10.0.0.1:5123"),
    *("caf\xe9 \u4e2d\u6587 \U0001f600", "KeyError: 'user_id'"),
    *("ValueError: invalid literal for int() with base 10: 'x'", "line 3, in <module>", "a/b\\c"),
    *("the password is wrong", "password reset requested", "no token was given", "session closed by peer"),
    *("secret santa", "token expired", "invalid token", "cookie banner shown: no", "basic auth is off"),
    *("Bearer authentication required", 'WWW-Authenticate: Bearer realm="shop", error="invalid_token"'),
    *("Basic plan, basic-setup", "Basic or Premium", "primary_key=5", "cache_key: items:42"),
    *("foreign_key='orders.id'", "sort_key=name", "keyboard: qwerty", "monkey=1", "token_count=17"),
    *("max_tokens: 5", "password_length=12", "session_timeout: 30s", "cookie_name='sid'", "token_url=/t"),
    *("is_secret=true", "has_token: false", "is_password_set=1", "api_key_status=active", "key_id=7"),
    *("public_key: abc", "error_code=E42", "status_code: 404", "exit code=1", "country_code=de", "zip code: 1234"),
    *("signal=9", "design: x", "author: bob", "passed=3 failed=0", "compass: north", "bypass=yes"),
    *("tokenizer: fast", "secretary: amy", "https://shop.example/orders?page=2&sort=-id#top"),
    *("http://localhost:8000/a@b", "https://bob@host/repo.git", "ssh://git@host/x.git", "mailto:bob@shop.example"),
    *("http://[::1]:8080/", "//cdn.example/x.js", "https://git@host:22/x", "2025-11-23T12:00:01.123456Z"),
    *("1700000000000", "1732363201.1234567", "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "+49 30 901820"),
    *("tel 0800 1111 2222", "4111 1111 1111 1112", "order 4111111111111112", "12 34 56 78 90 12 34 56 78"),
    *("0.4111111111111111", "1.2.3.4.5.6.7.8.9.10.11.12.13", "ISBN 978-3-16-148410-1", "sha256:9f86d081884c7d65"),
    *("eyJ is how tokens begin", "heyJude.mp3.zip", "a.b.c", "x == y", "a => b", "{'a': 1, 'b': [2, 3]}"),
    *('{"a": {"b": null}}', "('password', 'length')", "['loc', 'token', 'type']", "loc=('body', 'password')"),
    *("missing: ['email', 'token']", '{"missing":["password","email"]}', "f(a, b)=(1, 2)"),
    *("Key (email)=(a@b.example) already exists.", "std::token", "password=", "token: ", '{"secret": ""}'),
    *("key://store", "[REDACTED]", "password=[REDACTED]", "-----BEGIN CERTIFICATE-----"),
]


def test_there_are_enough_shapes() -> None:
    """At least sixty shapes of each kind are tried, none of them twice."""
    assert len(set(SENSITIVE)) == len(SENSITIVE) >= 60
    assert len(set(HARMLESS)) == len(HARMLESS) >= 60


def carriers(text: str) -> Iterator[object]:
    """Give what is shown of a text, whatever brings it: a message, a value, an exception, JSON, a header."""
    yield REDACTOR.text(text)
    yield REDACTOR.text(f"failed: {text}")
    yield REDACTOR.value({"event": text, "items": [text, (text, 1)]})
    yield REDACTOR.value(ValueError(text))
    yield REDACTOR.value(json.dumps({"message": text}))
    yield REDACTOR.value(text.encode()[:250])
    yield REDACTOR.headers([(b"x-note", text.encode())])


@pytest.mark.parametrize("shape", SENSITIVE)
def test_secrets_vanish(shape: str) -> None:
    """Whatever brings a text of this shape, nothing of the secret is left, and a mark stands there."""
    secret = canary()

    for shown in carriers(shape.replace("§", secret)):
        assert secret not in repr(shown)
        assert REDACTED in repr(shown)


@pytest.mark.parametrize("text", HARMLESS)
def test_other_texts_stay(text: str) -> None:
    """A text without any secret comes back as it is, also in a value."""
    assert REDACTOR.text(text) == text
    assert REDACTOR.value({"event": text, "items": [text]}) == {"event": text, "items": [text]}


AWKWARD = st.text(alphabet="aZ09 \"'`\\/?#@:&;=,.!$%^*()[]{}<>|~+-_\n\té\u4e2d", max_size=6)


@given(AWKWARD, AWKWARD)
def test_no_punctuation_frees_a_password(before: str, after: str) -> None:
    """In JSON of any depth and in a repr, no character of a password makes a part of it stay."""
    secret = canary()
    password = f"{before}{secret}{after}"
    records = ({"password": password}, {"user": [{"api_key": {"v": password}}]}, {"card number": [password, 1], "z": 2})
    texts = [json.dumps(record, indent=indent) for record in records for indent in (None, 2)]
    texts += map(repr, records)

    for text in texts:
        nested = text
        for _ in range(4):
            assert secret not in REDACTOR.text(nested)
            nested = json.dumps({"log": f"failed: {nested} at 3"})


@given(st.text(alphabet="aZ09!$&'()*+,;=._~-:@/?#[]é", max_size=8))
def test_no_punctuation_frees_a_password_of_a_url(password: str) -> None:
    """A percent-encoded password goes from a URL in any text, query or header."""
    secret = canary()
    url = f"amqp://bob:{quote(password, safe='')}{secret}@mq:5672/"

    assert secret not in REDACTOR.text(f"no route to {url}, giving up")
    assert secret not in REDACTOR.query(f"next={quote(url, safe='')}&a=1".encode())
    assert secret not in repr(REDACTOR.headers([(b"referer", f"https://h/?next={quote(url, safe='')}".encode())]))


def test_cards_and_credentials_vanish_from_queries() -> None:
    """A harmless key does not save a card number, credentials or a web token in a query."""
    number, secret = card_number(), canary()
    grouped = [number[:4], number[4:8], number[8:12], number[12:]]
    parts = [f"a={number}", *(f"b={gap.join(grouped)}" for gap in ("+", "%20", "-")), f"c=Bearer%20{secret}"]

    shown = REDACTOR.query("&".join([*parts, f"d=Basic+{secret}%3D%3D", "page=2"]).encode())

    assert shown == "&".join(["a", *"bbb", "c", "d"]).replace("&", f"={REDACTED}&") + f"={REDACTED}&page=2"


def test_redaction_changes_nothing_it_is_given() -> None:
    """Values, headers and the objects in them are afterwards what they were."""
    error = ValueError(f"token={canary()}")
    value = {"password": canary(), "list": [{"token": canary()}, (1, [canary()])], "set": {1, 2}, "error": error}
    raw = [(b"Cookie", canary().encode()), (b"Referer", f"https://h/?token={canary()}".encode())]
    before, raw_before, args = copy.deepcopy({**value, "error": None}), copy.deepcopy(raw), error.args

    shown = REDACTOR.value(value)
    REDACTOR.headers(raw)

    assert {**value, "error": None} == before
    assert (raw, error.args) == (raw_before, args)
    assert shown["list"] is not value["list"]
