"""Check data against a pydantic model, and tell the client which fields are wrong without repeating what it sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import pydantic

from asgi_stack.exceptions import ValidationError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

__all__ = ["validate"]

M = TypeVar("M", bound=pydantic.BaseModel)

_DETAILS: Final = 100
"""A list of a million wrong items is told by its first hundred."""

_MESSAGE_CHARS: Final = 500
_NAME_CHARS: Final = 100

_SHORT: Final = 4
"""Shorter values are left in messages: "a" is part of most words, and no secret."""


def validate(model: type[M], data: object) -> M:
    """Make a model from data, or raise our ValidationError, which is answered with 422 and field-level details.

    Args:
        model: The pydantic model.
        data: JSON as bytes, such as a request's body; or anything else that `model.model_validate` takes.

    Raises:
        ValidationError: The data does not fit, or is no JSON. `details` is a list of `loc` (the path of names and
            indices), `msg` and `type` (pydantic's name of the rule), at most 100; `context` has the model's name
            and the number of all errors. Values from the data are in neither, and the exception has no cause,
            since the text of pydantic's repeats them. A name that the client chose is part of `loc`.
    """
    try:
        if isinstance(data, (bytes, bytearray)):
            return model.model_validate_json(data)
        return model.model_validate(data)
    except pydantic.ValidationError as error:
        details = [_detail(item) for item in error.errors(include_url=False)[:_DETAILS]]
        count = error.error_count()
    # Out of the except block, so that pydantic's error is not this one's context either.
    raise ValidationError(details=details, context={"model": model.__qualname__, "error_count": count})


def _detail(item: ErrorDetails) -> dict[str, object]:
    loc = [part if isinstance(part, int) else part[:_NAME_CHARS] for part in item["loc"]]
    return {"loc": loc, "msg": _message(item)[:_MESSAGE_CHARS], "type": item["type"]}


def _message(item: ErrorDetails) -> str:
    """Give the message without the value it is about: some of pydantic's repeat it, and many of validators' own."""
    message = item["msg"]
    for value in (item["input"], item.get("ctx", {}).get("tag")):
        text = str(value).strip() if isinstance(value, (str, int, float)) else ""
        if len(text) >= _SHORT:
            message = message.replace(text, "[input]")
    return message
