"""The words about settings that users read: made from the model, or compared with it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Literal, get_args, get_origin

import pytest
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from asgi_stack.settings import Settings

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith("ASGI_STACK_"):
            monkeypatch.delenv(name)


def fields(model: type[BaseModel], *groups: str) -> Iterator[tuple[str, FieldInfo]]:
    """Give each field that is no group, with its variable's name."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from fields(field.annotation, *groups, name)
        else:
            yield "ASGI_STACK_" + "__".join((*groups, field.alias or name)).upper(), field


def values_of(annotation: object) -> str:
    """Put a field's type into the words of the table."""
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(annotation))
    if get_origin(annotation) is tuple:
        return "JSON list"
    kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
    if kinds:
        return values_of(kinds[0])
    return {bool: "`true`, `false`", int: "whole number", float: "number", str: "text", SecretStr: "URL"}[annotation]  # type: ignore[index]


def written(default: object) -> str:
    """Write a default as a variable would say it; None is written as nothing."""
    if isinstance(default, str):
        return default
    return "" if default is None else json.dumps(default)


def settings_table() -> str:
    """Make the table of docs/settings.md from the model."""
    rows = ["| variable | values | default | meaning |", "|---|---|---|---|"]
    for name, field in fields(Settings):
        default = written(field.default)
        shown = f"`{default}`" if default else "unset"
        rows.append(f"| `{name}` | {values_of(field.annotation)} | {shown} | {field.description} |")
    return "\n".join(rows)


def test_table_is_that_of_the_model() -> None:
    """docs/settings.md lists every variable with its values, default and meaning."""
    assert settings_table() in (ROOT / "docs" / "settings.md").read_text()


def test_readme_lists_every_variable() -> None:
    """The README's table has every variable with its default, in the model's order."""
    shown = {name: written(field.default) for name, field in fields(Settings)}
    rows = [f"| `{name}` | {f'`{default}`' if default else 'unset'} |" for name, default in shown.items()]

    assert "\n".join(["| variable | default |", "|---|---|", *rows]) in (ROOT / "README.md").read_text()


def test_example_file_shows_every_default(tmp_path: Path) -> None:
    """.env.example names every variable, and with all of them in force nothing changes."""
    lines = [line.removeprefix("# ") for line in (ROOT / ".env.example").read_text().splitlines()]
    assignments = [line for line in lines if line.startswith("ASGI_STACK_")]
    file = tmp_path / ".env"
    file.write_text("\n".join(assignments))

    assert [line.partition("=")[0] for line in assignments] == [name for name, _ in fields(Settings)]
    assert Settings(_env_file=file) == Settings()
