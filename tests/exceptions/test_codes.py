"""ErrorCode and Severity: the words that clients and logs rely on."""

from __future__ import annotations

import ast
import inspect
import logging
import re

import pytest

from asgi_stack.exceptions import ErrorCode, Severity, codes


class TestErrorCode:
    """The codes of the package."""

    def test_values_are_unique(self) -> None:
        """No code stands for two things, under two names or one."""
        values = [member.value for member in ErrorCode.__members__.values()]

        assert len(set(values)) == len(values)

    @pytest.mark.parametrize("code", ErrorCode)
    def test_name_and_value_agree(self, code: ErrorCode) -> None:
        """A code is written in upper snake case, in Python as on the wire."""
        assert code.name == code.value
        assert re.fullmatch(r"[A-Z]+(_[A-Z]+)*", code)

    def test_each_is_documented(self) -> None:
        """Under every member stands what it means."""
        module = ast.parse(inspect.getsource(codes))
        (definition,) = (node for node in module.body if isinstance(node, ast.ClassDef) and node.name == "ErrorCode")

        documented = {
            member.targets[0].id
            for member, text in zip(definition.body, definition.body[1:], strict=False)
            if isinstance(member, ast.Assign)
            and isinstance(member.targets[0], ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
        }

        assert documented == set(ErrorCode.__members__)

    def test_is_a_plain_string_for_json_and_logs(self) -> None:
        """A code is equal to, and shows as, its text."""
        assert ErrorCode.NOT_FOUND == "NOT_FOUND"
        assert f"{ErrorCode.NOT_FOUND}" == "NOT_FOUND"


class TestSeverity:
    """The five levels."""

    @pytest.mark.parametrize("severity", Severity)
    def test_log_level_is_that_of_the_standard_library(self, severity: Severity) -> None:
        """Each level has the number that logging gives the level of its name."""
        assert severity.log_level == logging.getLevelNamesMapping()[severity.name]

    def test_there_are_five_in_rising_order(self) -> None:
        """The levels are listed from the least to the most urgent."""
        levels = [severity.log_level for severity in Severity]

        assert levels == [10, 20, 30, 40, 50]

    @pytest.mark.parametrize("name", ["warning", "WARNING", "Warning"])
    def test_is_read_in_any_case(self, name: str) -> None:
        """A setting may write a level in small letters."""
        assert Severity(name) is Severity.WARNING

    @pytest.mark.parametrize("name", ["loud", "", "WARN", "30"])
    def test_refuses_anything_else(self, name: str) -> None:
        """A word that is no level fails with that word in the message."""
        with pytest.raises(ValueError, match=re.escape(repr(name))):
            Severity(name)
