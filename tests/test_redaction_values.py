"""Copies of values are without their secrets, and the originals stay as they are."""

from __future__ import annotations

from collections import OrderedDict, UserDict, deque
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from typing import NamedTuple
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, SecretStr

from asgi_stack.redaction import REDACTED, SENSITIVE_FIELD_PATTERNS, Redactor, sanitize_context
from tests.canaries import canary
from tests.odd_values import Endless, Unprintable


class Kind(Enum):
    """Keys that are members of an Enum."""

    PASSWORD = "p"
    OTHER = "api_key"
    COUNT = "count"


@dataclass(frozen=True)
class Account:
    """A dataclass with a secret."""

    name: str
    password: str
    previous: object = None


class Login(NamedTuple):
    """A named tuple with a secret."""

    user: str
    access_token: str


class Card(BaseModel):
    """A model whose alias tells what its name hides."""

    owner: str = "bob"
    pin: SecretStr = SecretStr("1")
    value: str = Field(default="", alias="cardNumber")


class Opaque:
    """An object of no known kind, with a telling repr."""

    def __init__(self, secret: str) -> None:
        """Keep the secret."""
        self.secret = secret

    def __repr__(self) -> str:
        """Tell the secret."""
        return f"Opaque(user='bob', secret={self.secret!r})"


class SubDict(dict[str, object]):
    """A dict of one's own."""


def shapes(secret: str) -> list[object]:
    """Give every way in which a value may hold a secret."""
    cycle: dict[str, object] = {"token": secret}
    cycle["self"] = cycle
    return [
        {"password": secret},
        {"a": {"b": [{"apiKey": secret}]}},
        {"credentials": {"user": "bob", "pin": secret}},
        {"tokens": [{"access_token": secret}]},
        {"X-Api-Key": [secret, secret]},
        {b"authorization": secret.encode()},
        {Kind.PASSWORD: secret},
        {Kind.OTHER: secret},
        OrderedDict(session_id=secret),
        UserDict({"cookie": secret}),
        SubDict(private_key=secret),
        [("password", secret)],
        [(b"cookie", secret.encode()), (b"host", b"x")],
        [["token", secret], ["a", "b"]],
        (("secret", secret),),
        {"token": secret}.items(),
        deque([{"ssn": secret}]),
        {("cvv", secret)},
        Account("bob", secret),
        Account("bob", "", previous=[Account("amy", secret)]),
        Login("bob", secret),
        Card(cardNumber=secret),
        Card(pin=SecretStr(secret)),
        SecretStr(secret),
        cycle,
        f"password={secret}",
        f"postgres://bob:{secret}@db/shop",
        {"message": f"sent Bearer {secret}"},
        {f"https://bob:{secret}@host": "up"},
        f"token={secret}".encode(),
        bytearray(f"token={secret}".encode()),
        Opaque(secret),
        {"object": Opaque(secret)},
        ValueError(f"token={secret}"),
        ExceptionGroup("two", [ValueError(f"token={secret}")]),
        {"a": type("Sub", (str,), {})(f"token={secret}")},
        {"password": secret.encode() * 100},
        {"private": {"deep": {"deeper": secret}}},
    ]


@pytest.mark.parametrize("number", range(len(shapes(""))))
def test_secrets_vanish_from_values(number: int) -> None:
    """Whatever holds the secret, nothing of it is in the copy, and a mark is."""
    secret = canary()

    shown = repr(Redactor().value(shapes(secret)[number]))

    assert secret not in shown
    assert REDACTED in shown


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 17, 1.5, Decimal("1.50"), uuid4(), datetime.now(UTC), Kind.PASSWORD, "text", "password"),
        {"order_id": 17, "token_count": 3, "primary_key": 5, "is_private": True, "error_code": "E1"},
        {"user": {"name": "bob", "tags": ["a", "b"], "size": (1, 2)}, "seen": {1, 2}},
        [("a", 1), ("password", "and", "more"), ("loc", "password")],
        {"missing": ["password", "email"]},
        ("password", "length"),
        {1: "one", None: "none", Kind.COUNT: 3, (1, 2): 3}.keys() & {1, None},
    ],
)
def test_harmless_values_are_equal(value: object) -> None:
    """A value without secrets is copied as it is."""
    assert Redactor().value(value) == value


def test_a_copy_shows_what_it_hides() -> None:
    """Only sensitive values are replaced, and by one mark each, whatever they were."""
    data = {"user": "bob", "password": None, "cvv": 123, "cookies": {"a": 1}, "items": [{"key": 5, "cache_key": 6}]}

    assert sanitize_context(data) == {
        "user": "bob",
        "password": REDACTED,
        "cvv": REDACTED,
        "cookies": REDACTED,
        "items": [{"key": REDACTED, "cache_key": 6}],
    }


def test_keys_are_shown_safely() -> None:
    """Keys that are bytes become text, and keys of no plain kind their repr."""
    assert Redactor().value({b"a\xff": 1, (1, 2): 2, 3: 4}) == {r"a\xff": 1, "(1, 2)": 2, 3: 4}


def test_a_secret_at_the_cut_of_a_long_text_is_not_shown() -> None:
    """A password that begins before the cut and ends after it is found all the same."""
    secret = canary()
    shown = Redactor().value("x" * 65_500 + f" https://bob:{secret * 4}@host")
    error = Redactor().value(ValueError("x" * 950 + f" https://bob:{secret * 4}@host"))

    assert secret[:8] not in f"{shown} {error}"
    assert [str(text).partition(REDACTED)[2] for text in (shown, error)] == ["@host", "@host')"]


def test_the_bounds_are_options() -> None:
    """Depth and items of a copy are bounded as the policy says."""
    redactor = Redactor(max_depth=2, max_items=3)

    assert redactor.value([[[1]], 2]) == [["[TRUNCATED]"], 2]
    assert redactor.value([1, 2, 3, 4]) == [1, 2, "[TRUNCATED]"]


KEYS = st.one_of(st.text(max_size=12), st.sampled_from(SENSITIVE_FIELD_PATTERNS), st.integers(), st.binary(max_size=4))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.builds(Unprintable)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(KEYS, inner, max_size=4),
        st.tuples(KEYS, inner),
        st.builds(Account, st.text(), st.text(), inner),
    ),
    max_leaves=20,
)


@given(VALUES)
def test_the_original_is_untouched(value: object) -> None:
    """Whatever is copied is afterwards what it was, and shares no container with the copy."""
    before = repr(copy_of(value))

    Redactor().value(value)

    assert repr(copy_of(value)) == before


@given(VALUES)
def test_redacted_values_stay_as_they_are(value: object) -> None:
    """Redacting twice gives what redacting once gave, and nothing is refused."""
    redactor = Redactor(max_depth=3, max_items=4)
    once = redactor.value(value)

    assert repr(redactor.value(once)) == repr(once)


def copy_of(value: object) -> object:
    """Copy what a test compares: containers by themselves, what cannot be shown by its identity."""
    if isinstance(value, dict):
        return {repr(key): copy_of(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [copy_of(item) for item in value]
    if isinstance(value, Account):
        return (value.name, value.password, copy_of(value.previous))
    return id(value) if isinstance(value, Unprintable) else value


def test_endless_mappings_end() -> None:
    """A mapping without an end is copied up to the bound."""
    shown = Redactor(max_items=5).value({"a": Endless()})

    assert shown == {"a": {"0": 0, "1": 1, "2": 2, "3": 3, "...": "[TRUNCATED]"}}
