"""Say what is wrong with settings in words that name the variable to mend."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

__all__ = ["PREFIX", "SettingsError", "describe_problems", "fields_of", "misnamed", "variable_of"]

PREFIX: Final = "ASGI_STACK_"
"""What every environment variable of the package begins with."""

SHOWN_LENGTH: Final = 60
"""A wrong value is shown up to here: enough to recognise it, short enough for one line."""


class SettingsError(ValueError):
    """A setting is wrong; the message names every wrong variable or keyword, on one line.

    Args:
        problems: One sentence for each wrong setting; kept as an attribute.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))

    def __reduce__(self) -> tuple[type[SettingsError], tuple[tuple[str, ...]]]:
        """Let it cross into another process whole: by default the joined line would be taken for the problems."""
        return type(self), (self.problems,)


def variable_of(path: Sequence[str]) -> str:
    """Give the environment variable of a field's path: `("log", "level")` is `ASGI_STACK_LOG__LEVEL`."""
    return PREFIX + "__".join(path).upper()


def fields_of(model: type[BaseModel]) -> Iterator[tuple[str, ...]]:
    """Give the path of every field that is no group, in the order of declaration."""
    for name, field in model.model_fields.items():
        group = _group(field.annotation)
        if group is None:
            yield (field.alias or name,)
        else:
            yield from ((name, *path) for path in fields_of(group))


def misnamed(model: type[BaseModel], given: Mapping[str, object], environ: Mapping[str, str]) -> list[str]:
    """Find keywords that are no setting, and variables whose underscores are miscounted: `ASGI_STACK_LOG_LEVEL`.

    Other unknown variables are left alone: Kubernetes sets `ASGI_STACK_SERVICE_HOST` and the like for a Service that
    is named `asgi-stack`.
    """
    unknown = [name for name in given if name not in model.model_fields and not name.startswith("_")]
    meant = {_squeezed(variable_of(path)): variable_of(path) for path in fields_of(model)}
    miscounted = [name for name in environ if name.upper() != meant.get(_squeezed(name), name.upper())]
    misspelt = {name: _misspelt(name, model) for name in environ if name not in miscounted}
    return [
        *(f"{name} is no setting{_near((name,), model, by_keyword=True)}" for name in unknown),
        *(f"{name} sets nothing; did you mean {meant[_squeezed(name)]}?" for name in sorted(miscounted)),
        *(f"{name} sets nothing; did you mean {right}?" for name, right in sorted(misspelt.items()) if right),
    ]


def _misspelt(name: str, model: type[BaseModel]) -> str:
    """Give the variable without a group that is nearly called so, with a letter missing, say; else nothing."""
    alone = [variable_of(path) for path in fields_of(model) if len(path) == 1]
    near = difflib.get_close_matches(name.upper(), alone, n=1, cutoff=0.9)
    return near[0] if near and near[0] != name.upper() else ""


def describe_problems(error: ValidationError, model: type[BaseModel], given: Mapping[str, object]) -> list[str]:
    """Turn pydantic's errors into one sentence each, naming the keyword if it was `given`, else the variable."""
    return [_describe(item, model, given) for item in error.errors(include_url=False)]


def _describe(item: ErrorDetails, model: type[BaseModel], given: Mapping[str, object]) -> str:
    path = tuple(part for part in item["loc"] if isinstance(part, str))
    by_keyword = _is_given(path, given)
    name = ".".join(path) if by_keyword else variable_of(path)
    if item["type"] == "extra_forbidden":
        return f"{name} is no setting{_near(path, model, by_keyword=by_keyword)}"
    if item["type"] in {"model_type", "model_attributes_type"}:
        first = variable_of(next(whole for whole in fields_of(model) if whole[: len(path)] == path))
        return f"{name} is a group of settings" + ("" if by_keyword else f": set {first} and its like")
    wanted = item["msg"].removeprefix("Value error, ").removeprefix("Input ").replace("String ", "")
    return f"{name} {wanted}{_got(path[-1], item['input'])}"


def _is_given(path: tuple[str, ...], given: Mapping[str, object]) -> bool:
    if path[0] not in given:
        return False
    inner = given[path[0]]
    return len(path) == 1 or (isinstance(inner, Mapping) and _is_given(path[1:], cast("Mapping[str, object]", inner)))


def _near(path: tuple[str, ...], model: type[BaseModel], *, by_keyword: bool) -> str:
    depth = len(path)
    siblings = {whole[depth - 1] for whole in fields_of(model) if whole[: depth - 1] == path[:-1]}
    near = difflib.get_close_matches(path[-1], sorted(siblings), n=1)
    if not near:
        return ""
    meant = (*path[:-1], near[0])
    return f"; did you mean {'.'.join(meant) if by_keyword else variable_of(meant)}?"


def _got(name: str, value: object) -> str:
    """Show the wrong value, unless its name says that it is a secret or has one in it."""
    from asgi_stack.redaction import Redactor  # noqa: PLC0415 - needed for errors alone

    if not isinstance(value, str | int | float) or Redactor().is_sensitive(name):
        return ""
    if name.endswith("url"):  # a malformed one may hide its password from every pattern
        return ""
    shown = Redactor().text(repr(value))
    return f", got {shown if len(shown) <= SHOWN_LENGTH else shown[:SHOWN_LENGTH] + '...'}"


def _group(annotation: object) -> type[BaseModel] | None:
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _squeezed(name: str) -> str:
    return re.sub("_+", "_", name.upper())
