"""validate: which fields are wrong, and nothing of what was in them."""

from __future__ import annotations

import json
from typing import Annotated, Literal
from uuid import uuid4

import pytest
from pydantic import BaseModel, Field, SecretStr, StringConstraints, field_validator

from asgi_stack.exceptions import BusinessRuleError, ValidationError
from asgi_stack.tracebacks import format_exception_text
from asgi_stack.validation import validate


class Line(BaseModel):
    """A line of an order."""

    sku: Annotated[str, StringConstraints(pattern=r"^[A-Z]-\d+$")]
    amount: int = Field(gt=0)


class Order(BaseModel):
    """An order, as a client sends it."""

    customer: str
    lines: list[Line]


class Cat(BaseModel):
    """One of two shapes."""

    kind: Literal["cat"]


class Dog(BaseModel):
    """The other one."""

    kind: Literal["dog"]


class Pet(BaseModel):
    """Data whose shape depends on a tag."""

    animal: Cat | Dog = Field(discriminator="kind")


class Login(BaseModel):
    """Data with validators of the service's own."""

    pin: SecretStr
    age: int = 0

    @field_validator("pin", mode="before")
    @classmethod
    def _is_a_number(cls, value: str) -> str:
        return str(int(value))

    @field_validator("age")
    @classmethod
    def _is_grown_up(cls, value: int) -> int:
        if value == 17:
            raise BusinessRuleError("Too young")
        return value


def refusal(model: type[BaseModel], data: object) -> ValidationError:
    """Give the error with which data is refused."""
    with pytest.raises(ValidationError) as caught:
        validate(model, data)
    return caught.value


class TestValidData:
    """What fits."""

    def test_gives_the_model(self) -> None:
        """Data that fits becomes the model."""
        order = validate(Order, {"customer": "Ada", "lines": [{"sku": "A-1", "amount": 2}]})

        assert order == Order(customer="Ada", lines=[Line(sku="A-1", amount=2)])

    @pytest.mark.parametrize("kind", [bytes, bytearray])
    def test_reads_json(self, kind: type[bytes | bytearray]) -> None:
        """The body of a request can be passed as it came."""
        assert validate(Line, kind(b'{"sku": "A-1", "amount": 2}')) == Line(sku="A-1", amount=2)


class TestRefusal:
    """What does not fit."""

    def test_details_tell_each_field(self) -> None:
        """Every wrong field is told by its path, a message and the name of the rule."""
        error = refusal(Order, {"lines": [{"sku": "A-1", "amount": 1}, {"sku": "A-2", "amount": 0}]})

        assert error.details == [
            {"loc": ["customer"], "msg": "Field required", "type": "missing"},
            {"loc": ["lines", 1, "amount"], "msg": "Input should be greater than 0", "type": "greater_than"},
        ]
        assert (error.status, error.error_code, error.context) == (
            422,
            "VALIDATION_ERROR",
            {"model": "Order", "error_count": 2},
        )

    @pytest.mark.parametrize("body", [b"", b"{", b'{"customer": }', b"\xff\xfe", b"[" * 10_000, b"nul"])
    def test_malformed_json_is_told_like_any_other_fault(self, body: bytes) -> None:
        """A body that is no JSON gives one detail of its own type."""
        error = refusal(Order, body)

        assert isinstance(error.details, list)
        assert [(detail["loc"], detail["type"]) for detail in error.details] == [([], "json_invalid")]

    def test_details_are_json(self) -> None:
        """The details of a faulty tag, which pydantic explains at length, can be sent as they are."""
        error = refusal(Pet, {"animal": {"kind": "fish"}})

        assert json.loads(json.dumps(error.details)) == error.details

    def test_an_app_error_of_a_validator_passes(self) -> None:
        """A validator may refuse data with an error of its own."""
        with pytest.raises(BusinessRuleError):
            validate(Login, {"pin": "1234", "age": 17})

    def test_a_million_faults_are_told_by_a_hundred(self) -> None:
        """The details stay short, and the context tells the true number."""
        error = refusal(Order, {"customer": "Ada", "lines": [None] * 5000})

        assert isinstance(error.details, list)
        assert len(error.details) == 100
        assert error.context["error_count"] == 5000

    def test_long_names_are_cut(self) -> None:
        """A name that the client made up does not fill the answer."""

        class Strict(BaseModel, extra="forbid"):
            pass

        error = refusal(Strict, {"x" * 1_000_000: 1})

        assert len(json.dumps(error.details)) < 300


class TestInputStaysOut:
    """No value of the data is repeated, to the client or in the log."""

    @pytest.mark.parametrize(
        ("model", "shape"),
        [
            (Order, {"customer": ["SECRET"], "lines": "SECRET"}),
            (Order, "SECRET"),
            (Order, {"customer": "Ada", "lines": [{"sku": "SECRET", "amount": "SECRET"}]}),
            (Pet, {"animal": {"kind": "SECRET"}}),
            (Login, {"pin": "SECRET"}),
            (Login, {"pin": "  SECRET  "}),
        ],
    )
    @pytest.mark.parametrize("as_json", [False, True])
    def test_values_are_nowhere(self, model: type[BaseModel], shape: object, *, as_json: bool) -> None:
        """Neither the answer, nor the text of the error, nor its chain repeats a value."""
        secret = uuid4().hex
        text = json.dumps(shape).replace("SECRET", secret)

        error = refusal(model, text.encode() if as_json else json.loads(text))

        assert secret not in json.dumps([error.details, error.context])
        assert secret not in repr(error) + format_exception_text(error)
        assert error.__cause__ is error.__context__ is None

    def test_malformed_json_is_not_repeated(self) -> None:
        """The text around the fault stays out as well."""
        secret = uuid4().hex

        error = refusal(Order, f'{{"customer": "{secret}", {secret}'.encode())

        assert secret not in json.dumps(error.details) + format_exception_text(error)

    def test_short_values_do_not_garble_messages(self) -> None:
        """A value of a letter or two is no secret, and taking it out would leave no readable message."""
        error = refusal(Line, {"sku": "a", "amount": 0})

        assert isinstance(error.details, list)
        assert error.details[0]["msg"] == r"String should match pattern '^[A-Z]-\d+$'"
