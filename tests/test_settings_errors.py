"""Settings that are wrong: one line that names each."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest

from asgi_stack.settings import Settings, SettingsError


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith("ASGI_STACK_"):
            monkeypatch.delenv(name)


def set_variables(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    """Set variables by what comes after `ASGI_STACK_`."""
    for name, value in variables.items():
        monkeypatch.setenv(f"ASGI_STACK_{name}", value)


def refusal(**keywords: object) -> str:
    """Make settings that are wrong, and give the message."""
    with pytest.raises(SettingsError) as caught:
        Settings(**keywords)
    return str(caught.value)


class TestRefusals:
    """One line that names what is wrong."""

    @pytest.mark.parametrize(
        ("variable", "value", "message"),
        [
            ("ENVIRONMENT", "prod", "should be 'development', 'testing', 'staging' or 'production', got 'prod'"),
            ("LOG__LEVEL", "loud", "should be 'DEBUG', 'INFO', 'WARNING', 'ERROR' or 'CRITICAL', got 'loud'"),
            ("LOG__SCHEMA", "ecs", "should be 'default' or 'gcp', got 'ecs'"),
            ("LOG__ADD_TIMESTAMP", "maybe", "should be a valid boolean, unable to interpret input, got 'maybe'"),
            ("LOG__TIMESTAMP_FORMAT", "rfc", "should be iso, unix or a strftime pattern such as"),
            ("LOG__SLOW_AFTER_S", "nan", "should be greater than 0, got 'nan'"),
            (
                "LOG__EXCLUDE_PATHS",
                "/health",
                "should be a JSON list of strings, such as [\"/health/*\"], got '/health'",
            ),
            ("LOG__EXCLUDE_PATHS", '["x"]', "should be a path (/health) or a prefix (/internal/*), got 'x'"),
            ("LOG__SENSITIVE_PATHS", '{"/a": 1}', "should be a JSON list of strings"),
            ("SECURITY__HSTS", "forever", "should be off, or directives such as max-age=63072000; includeSubDomains"),
            ("SECURITY__HSTS", "max-age=1; max-age=2", "should be off, or directives such as max-age=63072000"),
            ("SECURITY__HSTS", "max-age=\u0661", "should be off, or directives such as max-age=63072000"),
            ("SECURITY__HSTS", "includeSubDomains", "should be off, or directives such as max-age=63072000"),
            ("SECURITY__X_XSS_PROTECTION", "2", "should be '1; mode=block' or '0', got '2'"),
            ("ERRORS__FORMAT", "html", "should be 'default' or 'problem', got 'html'"),
            ("ERRORS__REPLACE_5XX", "all", "should be 'default_bodies', 'always' or 'never', got 'all'"),
            ("SERVER__PORT", "70000", "should be less than or equal to 65535, got '70000'"),
            ("SERVER__WORKERS", "two", "should be a valid integer"),
        ],
    )
    def test_wrong_variable_is_named(
        self, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
    ) -> None:
        """The message begins with the variable, says what would be right, and is one line."""
        set_variables(monkeypatch, **{variable: value})

        refused = refusal()

        assert refused.startswith(f"ASGI_STACK_{variable} {message}")
        assert "\n" not in refused

    def test_wrong_keyword_is_named_by_its_path(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What came as a keyword is named as one, though another value of its group came from a variable."""
        set_variables(monkeypatch, LOG__FORMAT="xml")

        refused = refusal(log={"level": "LOUD"}, environment="dev")

        assert "log.level should be 'DEBUG'" in refused
        assert "environment should be 'development'" in refused
        assert "ASGI_STACK_LOG__FORMAT should be 'json' or 'console', got 'xml'" in refused

    def test_all_wrong_values_are_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nobody has to mend them one start at a time."""
        set_variables(monkeypatch, LOG__LEVEL="LOUD", SERVER__PORT="x", LOG__LEVLE="INFO", LOG_FORMAT="json")

        with pytest.raises(SettingsError) as caught:
            Settings()

        assert len(caught.value.problems) == 4
        assert all(problem in str(caught.value) for problem in caught.value.problems)

    @pytest.mark.parametrize(
        ("variable", "message"),
        [
            ("LOG__LEVLE", "ASGI_STACK_LOG__LEVLE is no setting; did you mean ASGI_STACK_LOG__LEVEL?"),
            ("LOG__COLOUR", "ASGI_STACK_LOG__COLOUR is no setting"),
            ("LOG_LEVEL", "ASGI_STACK_LOG_LEVEL sets nothing; did you mean ASGI_STACK_LOG__LEVEL?"),
            ("LOG__SLOW__AFTER__S", "ASGI_STACK_LOG__SLOW__AFTER__S sets nothing; did you mean"),
            ("LOG", "ASGI_STACK_LOG is a group of settings: set ASGI_STACK_LOG__LEVEL and its like"),
        ],
    )
    def test_misspelt_variable_is_an_error(self, monkeypatch: pytest.MonkeyPatch, variable: str, message: str) -> None:
        """A variable that would silently set nothing is refused, with the name that was meant."""
        set_variables(monkeypatch, **{variable: "CANARY-1"})

        refused = refusal()

        assert message in refused
        assert "CANARY-1" not in refused

    @pytest.mark.parametrize(
        ("keywords", "message"),
        [
            ({"lgo": {}}, "lgo is no setting; did you mean log?"),
            ({"log": {"levle": "INFO"}}, "log.levle is no setting; did you mean log.level?"),
            ({"log": "INFO"}, "log is a group of settings"),
        ],
    )
    def test_misspelt_keyword_is_an_error(self, keywords: dict[str, object], message: str) -> None:
        """A keyword that would silently set nothing is refused, with the name that was meant."""
        assert refusal(**keywords) == message

    def test_misspelt_name_in_an_env_file_is_an_error(self, tmp_path: Path) -> None:
        """An env file's group names are checked like the environment's."""
        file = tmp_path / "service.env"
        file.write_text("ASGI_STACK_LOG__LEVLE=DEBUG\n")

        assert refusal(_env_file=file) == "ASGI_STACK_LOG__LEVLE is no setting; did you mean ASGI_STACK_LOG__LEVEL?"

    def test_secret_in_a_value_is_not_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A wrong value is shown as logs would show it: without the password that stands in it."""
        set_variables(monkeypatch, SERVER__PORT="postgres://shop:CANARY-2@db/shop")

        assert "CANARY-2" not in refusal()

    def test_value_of_a_sensitive_name_is_not_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A setting of a service's own that is named like a secret is refused without its value."""

        class ShopSettings(Settings):
            api_token: int = 0

        set_variables(monkeypatch, API_TOKEN="CANARY-3")

        with pytest.raises(SettingsError, match="ASGI_STACK_API_TOKEN should be a valid integer") as caught:
            ShopSettings()
        assert "CANARY-3" not in str(caught.value)

    def test_long_value_is_cut(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A wrong value does not fill the screen."""
        set_variables(monkeypatch, LOG__LEVEL="x" * 10_000)

        assert len(refusal()) < 200

    def test_only_one_traceback(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Pydantic's own error is not shown above ours."""
        set_variables(monkeypatch, LOG__LEVEL="LOUD")

        with pytest.raises(SettingsError) as caught:
            Settings()

        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__

    def test_error_crosses_processes(self) -> None:
        """A copy from another process has the same problems and message."""
        error = SettingsError(["a is wrong", "b is wrong"])

        copied = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes

        assert (copied.problems, str(copied)) == (error.problems, "a is wrong; b is wrong")


@pytest.mark.parametrize("name", ["ASGI_STACK_ENVIROMENT", "asgi_stack_environement"])
def test_misspelt_variable_without_a_group_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A stack that silently stays in production would be a riddle; what Kubernetes sets is left alone."""
    monkeypatch.setenv("ASGI_STACK_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv(name, "development")

    with pytest.raises(SettingsError, match="did you mean ASGI_STACK_ENVIRONMENT") as raised:
        Settings()

    assert len(raised.value.problems) == 1
