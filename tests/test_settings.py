"""Settings: what they default to, and where they come from."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError
from pydantic_settings import SettingsConfigDict

from asgi_stack.settings import LogSettings, ServiceSettings, Settings


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper().startswith("ASGI_STACK_"):
            monkeypatch.delenv(name)


def set_variables(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    """Set variables by what comes after `ASGI_STACK_`."""
    for name, value in variables.items():
        monkeypatch.setenv(f"ASGI_STACK_{name}", value)


class OwnSettings(Settings):
    """Settings of a service with a default of its own, made as the demo's are."""

    model_config = SettingsConfigDict(nested_model_default_partial_update=True)

    service: ServiceSettings = ServiceSettings(name="shop")


class TestDefaults:
    """What holds when nobody says anything."""

    def test_forgotten_environment_is_production(self) -> None:
        """Without a variable the environment is production, so that no stack trace is shown by mistake."""
        assert Settings().environment == "production"

    def test_defaults_are_those_of_the_documentation(self) -> None:
        """Every group has the documented defaults."""
        given = Settings().model_dump(exclude={"environment", "service"}, by_alias=True)

        assert given == {
            "context": {"trust_inbound": True},
            "log": {
                "level": "INFO",
                "format": None,
                "schema": "default",
                "add_timestamp": True,
                "timestamp_format": "iso",
                "call_site": True,
                "request_started": "debug",
                "slow_after_s": 1.0,
                "exclude_paths": (),
                "sensitive_paths": (),
            },
            "security": {
                "preset": "api",
                "hsts": "max-age=63072000; includeSubDomains",
                "x_xss_protection": "1; mode=block",
            },
            "errors": {"format": "default", "reraise": "incomplete", "replace_5xx": "default_bodies"},
            "database": {
                "url": None,
                "pool_size": 5,
                "max_overflow": 10,
                "pool_timeout_s": 3.0,
                "connect_timeout_s": 5.0,
                "command_timeout_s": 10.0,
                "tls": None,
                "tls_ca_file": None,
                "tls_cert_file": None,
                "tls_key_file": None,
                "pgbouncer": False,
                "required": True,
                "startup_timeout_s": 10.0,
                "migrate_at_start": False,
            },
            "test_database_url": None,
            "server": {"host": "127.0.0.1", "port": 8000, "workers": 1},
        }

    def test_settings_do_not_change(self) -> None:
        """Neither a group nor a value in it can be replaced."""
        settings = Settings()

        with pytest.raises(ValidationError, match="frozen"):
            settings.environment = "testing"
        with pytest.raises(ValidationError, match="frozen"):
            settings.log.level = "DEBUG"


class TestSources:
    """Where values come from."""

    def test_variables_are_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each kind of value can be written in a variable."""
        set_variables(
            monkeypatch,
            LOG__ADD_TIMESTAMP="false",
            LOG__SLOW_AFTER_S="inf",
            LOG__EXCLUDE_PATHS='["/health/*", "/metrics"]',
            SERVER__PORT="9000",
            SERVICE__NAME="shop",
        )

        settings = Settings()

        assert settings.log.add_timestamp is False
        assert settings.log.slow_after_s == float("inf")
        assert settings.log.exclude_paths == ("/health/*", "/metrics")
        assert settings.server.port == 9000
        assert settings.service.name == "shop"

    @pytest.mark.parametrize(
        ("variable", "value", "expected"),
        [
            ("ENVIRONMENT", "Development", "environment='development'"),
            ("LOG__LEVEL", "warning", "level='WARNING'"),
            ("LOG__FORMAT", "JSON", "format='json'"),
            ("LOG__SCHEMA", "GCP", "schema_='gcp'"),
            ("LOG__REQUEST_STARTED", "Off", "request_started='off'"),
            ("SECURITY__PRESET", "OWASP", "preset='owasp'"),
            ("ERRORS__FORMAT", "Problem", "format='problem'"),
            ("ERRORS__RERAISE", "Never", "reraise='never'"),
            ("ERRORS__REPLACE_5XX", "ALWAYS", "replace_5xx='always'"),
        ],
    )
    def test_words_are_compared_without_case(
        self, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, expected: str
    ) -> None:
        """A choice may be written in capitals or small letters, also where a service has defaults of its own."""
        set_variables(monkeypatch, **{variable: value})

        assert expected in repr(Settings())
        assert expected in repr(OwnSettings())

    def test_names_are_compared_without_case(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A variable may be written in small letters."""
        monkeypatch.setenv("asgi_stack_log__level", "ERROR")

        assert Settings().log.level == "ERROR"

    @pytest.mark.parametrize("value", ["off", "OFF", "none"])
    def test_headers_can_be_switched_off(self, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
        """`off` and `none` mean that the header is not sent."""
        set_variables(monkeypatch, SECURITY__HSTS=value, SECURITY__X_XSS_PROTECTION=value)

        security = Settings().security

        assert security.hsts is None
        assert security.x_xss_protection is None

    def test_empty_variable_counts_as_unset(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A variable that a compose file passes on empty changes nothing."""
        set_variables(monkeypatch, LOG__LEVEL="", SECURITY__HSTS="", SERVER__PORT="", ENVIRONMENT="")

        assert Settings() == Settings(_env_file=None, log={}, security={}, server={}, environment="production")
        assert Settings().server.port == 8000

    def test_keywords_win_and_the_rest_of_the_group_stays(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A keyword replaces one value; the group's others still come from their variables."""
        set_variables(monkeypatch, SERVER__HOST="::1", SERVER__PORT="9000")

        server = Settings(server={"port": 9001}).server

        assert (server.host, server.port) == ("::1", 9001)

    def test_a_whole_group_can_be_given(self) -> None:
        """A group's own model is a keyword's value, too."""
        assert Settings(log=LogSettings(level="DEBUG")).log.level == "DEBUG"

    def test_keyword_of_the_schema_is_called_like_its_variable(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Only the attribute has an underscore: pydantic's models have a method of that name."""
        set_variables(monkeypatch, LOG__SCHEMA="gcp")

        assert Settings().log.schema_ == LogSettings(schema="gcp").schema_ == "gcp"
        assert Settings(log={"schema": "default"}).log.schema_ == "default"

    def test_no_env_file_is_read_unasked(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """A `.env` in the current folder is left alone."""
        (tmp_path / ".env").write_text("ASGI_STACK_LOG__LEVEL=DEBUG\n")
        monkeypatch.chdir(tmp_path)

        assert Settings().log.level == "INFO"

    def test_env_file_is_read_when_asked(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """An env file is below the environment, and may set other programs' variables."""
        file = tmp_path / "service.env"
        file.write_text("ASGI_STACK_LOG__LEVEL=DEBUG\nASGI_STACK_SERVER__PORT=1\nPOSTGRES_USER=shop\n")
        set_variables(monkeypatch, SERVER__PORT="9000")

        settings = Settings(_env_file=file)

        assert (settings.log.level, settings.server.port) == ("DEBUG", 9000)

    def test_variables_of_others_are_left_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What Kubernetes sets for a Service named asgi-stack is no mistake."""
        set_variables(monkeypatch, SERVICE_HOST="10.0.0.1", SERVICE_PORT="80", PORT="tcp://10.0.0.1:80")

        assert Settings().server.port == 8000


class TestResolvedLog:
    """The format that is used when none is set."""

    def test_json_where_nobody_looks(self) -> None:
        """Into a file or a pipe lines are JSON, in development too."""
        assert Settings(environment="development").resolved_log().format == "json"

    @pytest.mark.parametrize(("environment", "expected"), [("development", "console"), ("production", "json")])
    def test_console_for_a_developer(self, monkeypatch: pytest.MonkeyPatch, environment: str, expected: str) -> None:
        """On a terminal lines are for people in development only."""
        main, terminal = os.openpty()
        with os.fdopen(main), os.fdopen(terminal, "w") as stdout:
            monkeypatch.setattr(sys, "stdout", stdout)

            assert Settings(environment=environment).resolved_log().format == expected

    def test_what_is_set_stays(self) -> None:
        """A format that somebody chose is not touched."""
        log = Settings(environment="development", log={"format": "console"}).log

        assert Settings(log=log).resolved_log() == log
