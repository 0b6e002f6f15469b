"""What is told of a request: enough to find the fault, and none of its secrets."""

from __future__ import annotations

import copy
from types import SimpleNamespace

import pytest

from asgi_stack.bounded_copy import REDACTED, TRUNCATED
from asgi_stack.encoding import encode_json
from asgi_stack.http_context import capture_request_context
from asgi_stack.middleware.active import ACTIVE, HIDE_PATH
from asgi_stack.redaction import Redactor
from asgi_stack.types import Header, Scope
from tests.canaries import canary, card_number
from tests.driver import http_scope, websocket_scope


def test_a_request_is_told_of() -> None:
    """Everything that a server tells of a plain request is there, under the names that log lines use."""
    headers = [(b"Host", b"shop.example"), (b"accept", b"application/json"), (b"cookie", canary().encode())]
    scope = http_scope("/orders/7", headers=headers, method="POST", query_string=b"page=2&sort=x", root_path="/shop")

    assert capture_request_context(scope) == {
        "method": "POST",
        "scheme": "http",
        "http_version": "1.1",
        "client": "127.0.0.1",
        "server": "127.0.0.1:8000",
        "path": "/orders/7",
        "root_path": "/shop",
        "query": "page=2&sort=x",
        "headers": {"host": "shop.example", "accept": "application/json"},
        "dropped_headers": ["cookie"],
    }


def test_without_a_scope_nothing_is_told() -> None:
    """Outside a request there is nothing to tell, and no provider is asked."""
    asked: list[Scope] = []

    def provider(scope: Scope) -> dict[str, object]:
        asked.append(scope)
        return {}

    assert capture_request_context(None, providers=[provider]) == {}
    assert asked == []


def test_a_websocket_says_so() -> None:
    """A websocket has a type, and no method; what is empty is left out."""
    captured = capture_request_context(websocket_scope("/live"))

    assert captured["type"] == "websocket"
    assert captured["scheme"] == "ws"
    assert {"method", "query", "headers", "dropped_headers", "root_path"}.isdisjoint(captured)


@pytest.mark.parametrize(
    ("keys", "route"),
    [
        ({"route": SimpleNamespace(path="/orders/{id}")}, "/orders/{id}"),
        ({"path_template": "/orders/{id:int}"}, "/orders/{id:int}"),
    ],
    ids=["starlette", "litestar"],
)
def test_the_route_is_told(keys: dict[str, object], route: str) -> None:
    """The template of the route is there once a framework left it in the scope."""
    assert capture_request_context({**http_scope("/orders/7"), **keys})["route"] == route


SENSITIVE_HEADERS = [
    *("Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "X-API-Key", "X-Amz-Security-Token"),
    *("X-Auth-Token", "X-CSRFToken", "X-Session-Id", "Stripe-Signature", "X-Hub-Signature-256", "X-Vault-Token"),
    *("Ocp-Apim-Subscription-Key", "X-Functions-Key", "X-RapidAPI-Key", "X-Auth", "Sec-WebSocket-Protocol"),
]


@pytest.mark.parametrize("name", SENSITIVE_HEADERS)
def test_sensitive_headers_are_only_named(name: str) -> None:
    """Of a header that holds a secret the name alone is told, once, in lower case."""
    secret = canary()
    pairs = [(name.encode(), secret.encode()), (name.upper().encode(), secret.encode()), (b"host", b"shop")]

    captured = capture_request_context(http_scope(headers=pairs))

    assert captured["dropped_headers"] == [name.lower()]
    assert captured["headers"] == {"host": "shop"}
    assert secret not in repr(captured)


@pytest.mark.parametrize(
    "value",
    [
        "https://host/cb?token=§",
        "https://host/cb?a=1&code=§&sig=§&X-Amz-Signature=§",
        "https://bob:§@host/",
        "https://host/#access_token=§",
        "/cb?a=1#code=§",
        "https://host/?%74oken=§",
        "https://host/?%2574oken=§",
        "https://host/?TOKEN=§&token=§",
        "https://host/?next=https%3A%2F%2Fother%2F%3Ftoken%3D§",
        "https://host/?next=https%3A%2F%2Fbob%3A§%40other%2F",
        "https://host/?data=%7B%22password%22%3A%22§%22%7D",
        "https://host/?h=Bearer%20§",
        "Bearer §",
        "password=§",
        '{"password": "§"}',
    ],
)
@pytest.mark.parametrize("header", [b"referer", b"x-original-url"])
def test_secrets_vanish_from_headers(header: bytes, value: str) -> None:
    """The value of any other header is redacted as a text and, where it is a URL, as a query."""
    secret = canary()

    captured = capture_request_context(http_scope(headers=[(header, value.replace("§", secret).encode())]))

    assert secret not in repr(captured)
    assert REDACTED in repr(captured["headers"])


def test_secrets_vanish_from_path_and_query() -> None:
    """Path and query lose values of sensitive names, and card numbers; keys and their order stay."""
    secret, card = canary(), card_number()
    query = f"token={secret}&a=1&password={secret}&sig={secret}&code={secret}&n={card}&Token={secret}"
    scope = http_scope(f"/files;token={secret}/{card}", query_string=query.encode())

    captured = capture_request_context(scope)

    assert captured["path"] == f"/files;token={REDACTED}"
    assert captured["query"] == (
        f"token={REDACTED}&a=1&password={REDACTED}&sig={REDACTED}&code={REDACTED}&n={REDACTED}&Token={REDACTED}"
    )


def test_the_policy_is_an_option() -> None:
    """Names that a Redactor adds or allows hold for headers, query and providers."""
    headers = [(b"x-iban", b"DE17"), (b"x-auth", b"shown")]
    scope = http_scope(headers=headers, query_string=b"iban=1&code=2")
    redactor = Redactor(sensitive_names=("iban",), allowed_names=("code", "x-auth"))

    captured = capture_request_context(scope, redactor=redactor, providers=[lambda _: {"iban": 5, "code": 6}])

    assert captured["headers"] == {"x-auth": "shown"}
    assert captured["dropped_headers"] == ["x-iban"]
    assert captured["query"] == f"iban={REDACTED}&code=2"
    assert (captured["iban"], captured["code"]) == (REDACTED, 6)


def test_repeated_headers_are_joined() -> None:
    """A name that comes several times, in any case, has its values in one text, in order."""
    pairs = [(b"X-Forwarded-For", b"10.0.0.1"), (b"via", b"a"), (b"x-forwarded-for", b"10.0.0.2")]

    captured = capture_request_context(http_scope(headers=pairs))

    assert captured["headers"] == {"x-forwarded-for": "10.0.0.1, 10.0.0.2", "via": "a"}


def test_a_sensitive_path_is_not_told() -> None:
    """Where the request line must not show the path, nothing is told that may repeat it, nor is a provider asked."""
    secret = canary()
    pairs = [(b"referer", f"https://shop/reset/{secret}".encode())]
    scope = http_scope(f"/reset/{secret}", headers=pairs, query_string=secret.encode(), **{ACTIVE: (HIDE_PATH,)})

    captured = capture_request_context(scope, providers=[lambda scope: {"p": scope["path"]}])

    assert captured["path"] == REDACTED
    assert secret not in repr(captured)
    assert set(captured) == {"method", "scheme", "http_version", "client", "server", "path"}


def test_the_scope_stays_as_it_is() -> None:
    """Neither the scope nor anything in it is changed."""
    scope = http_scope("/a", headers=[(b"Host", b"x"), (b"Cookie", b"y")], query_string=b"token=1", state={"a": [1]})
    before = copy.deepcopy(scope)

    captured = capture_request_context(scope, providers=[lambda scope: scope])

    assert captured
    assert scope == before


def many_items(scope: Scope) -> dict[str, object]:
    """Give more items than are shown, and long ones."""
    return {f"{scope['path'][1]}{number}": scope["path"][:100] for number in range(10_000)}


EMOJI = "\U0001f600"


@pytest.mark.parametrize("char", ["x", "\x00", '"', "é", EMOJI])
def test_a_capture_is_bounded(char: str) -> None:
    """However much a client sends, a capture stays below the 64 KiB of a log record."""
    many: list[Header] = [(b"n%d" % number, char.encode("utf-8") * 500) for number in range(1000)]
    secrets: list[Header] = [(b"token-" + b"x" * 500 + b"%d" % number, b"x") for number in range(60)]
    for headers in (many, secrets + many, [(b"cookie" + b"x" * 5000, b"x" * 100_000)] * 70):
        scope = http_scope(
            char * 1_000_000, headers=headers, query_string=char.encode() * 1_000_000, root_path=char * 1_000_000
        )

        captured = capture_request_context(scope, providers=[lambda scope: {"all": scope, **many_items(scope)}] * 3)

        assert len(encode_json(captured)) < 65_536
        assert TRUNCATED in repr(captured)


def test_what_is_cut_says_so() -> None:
    """A text that is cut ends with the mark, and headers beyond the 64th leave one behind."""
    headers = [(b"h%d" % number, b"v") for number in range(70)]
    scope = http_scope("/" + "p" * 5000, headers=[(b"long", b"v" * 5000), *headers], query_string=b"q" * 5000)

    captured = capture_request_context(scope)

    assert [len(str(captured[name])) for name in ("path", "query")] == [1024, 2048]
    assert str(captured["path"]).endswith(TRUNCATED)
    shown = captured["headers"]
    assert isinstance(shown, dict)
    assert len(shown["long"]) == 1024
    assert len(shown) == 65
    assert shown["..."] == TRUNCATED


@pytest.mark.parametrize("length", [900, 1020, 4000, 4090])
def test_a_secret_at_the_cut_is_not_shown(length: int) -> None:
    """A secret that begins before a text is cut, and ends after it, is found all the same."""
    secret = canary()
    long = secret * 40
    token = f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI{long}.sig"
    texts = [f"{'x' * length} {part}" for part in (f"https://bob:{long}@host", f"password={long}", f"Bearer {token}")]

    for text in (*texts, f"{'x' * length} {token}"):
        scope = http_scope(text, headers=[(b"a", text.encode())], query_string=f"{'x' * length}&token={long}".encode())
        assert secret[:8] not in repr(capture_request_context(scope))
