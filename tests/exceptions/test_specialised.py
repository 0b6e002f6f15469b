"""The table of errors: class, code, status, severity, headers."""

from __future__ import annotations

import inspect
import pickle

import pytest

from asgi_stack import exceptions
from asgi_stack.exceptions import (
    AppError,
    BusinessRuleError,
    ConflictError,
    DeadlineExceededError,
    ErrorCode,
    ForbiddenError,
    NotFoundError,
    PayloadTooLargeError,
    RateLimitedError,
    ServiceUnavailableError,
    Severity,
    UnauthorizedError,
    ValidationError,
)

TABLE = [
    (AppError, "INTERNAL_ERROR", 500, "ERROR"),
    (ValidationError, "VALIDATION_ERROR", 422, "WARNING"),
    (NotFoundError, "NOT_FOUND", 404, "INFO"),
    (UnauthorizedError, "UNAUTHORIZED", 401, "WARNING"),
    (ForbiddenError, "FORBIDDEN", 403, "WARNING"),
    (ConflictError, "CONFLICT", 409, "WARNING"),
    (BusinessRuleError, "BUSINESS_RULE_VIOLATION", 422, "WARNING"),
    (RateLimitedError, "RATE_LIMITED", 429, "WARNING"),
    (PayloadTooLargeError, "PAYLOAD_TOO_LARGE", 413, "WARNING"),
    (ServiceUnavailableError, "SERVICE_UNAVAILABLE", 503, "ERROR"),
    (DeadlineExceededError, "DEADLINE_EXCEEDED", 504, "ERROR"),
]


class TestTable:
    """What every class brings without being told."""

    @pytest.mark.parametrize(("kind", "code", "status", "severity"), TABLE)
    def test_defaults(self, kind: type[AppError], code: str, status: int, severity: str) -> None:
        """A class brings its code, status and severity, and takes the message it is given."""
        error = kind("told to the client")

        assert (error.error_code, error.status, error.severity) == (code, status, severity)
        assert str(error) == f"[{code}] told to the client"

    @pytest.mark.parametrize(("kind", "code"), [row[:2] for row in TABLE])
    def test_needs_no_message(self, kind: type[AppError], code: str) -> None:
        """Without a message the class's own is told."""
        error = kind()

        assert error.message
        assert str(error) == f"[{code}] {error.message}"

    @pytest.mark.parametrize("kind", [row[0] for row in TABLE])
    def test_every_part_can_be_changed_for_one_error(self, kind: type[AppError]) -> None:
        """One error may differ from its class in everything."""
        error = kind("no", error_code="MINE", status=418, severity="debug", headers={"X-Why": "because"})

        assert (error.error_code, error.status, error.severity) == ("MINE", 418, Severity.DEBUG)
        assert ("X-Why", "because") in error.headers

    @pytest.mark.parametrize("kind", [row[0] for row in TABLE])
    def test_is_known_by_its_public_name(self, kind: type[AppError]) -> None:
        """Tracebacks and pickles name the module that users import from."""
        assert kind.__module__ == "asgi_stack.exceptions"
        assert isinstance(pickle.loads(pickle.dumps(kind())), kind)  # noqa: S301 - made a moment ago

    def test_table_is_complete(self) -> None:
        """Every public error class has its row here, and every row has a code that ErrorCode knows."""
        public = [getattr(exceptions, name) for name in exceptions.__all__]
        errors = {item for item in public if inspect.isclass(item) and issubclass(item, AppError)}

        assert {row[0] for row in TABLE} == errors
        assert {row[1] for row in TABLE} <= set(ErrorCode)


class TestUnauthorizedError:
    """A 401 must say how to authenticate."""

    def test_asks_for_a_bearer_token(self) -> None:
        """Without an option the challenge is Bearer."""
        assert UnauthorizedError().headers == (("WWW-Authenticate", "Bearer"),)

    def test_takes_another_challenge(self) -> None:
        """The challenge is an option."""
        assert UnauthorizedError(challenge='Basic realm="shop"').headers == (
            ("WWW-Authenticate", 'Basic realm="shop"'),
        )

    def test_adds_none_when_told_so(self) -> None:
        """None leaves the header to somebody else."""
        assert UnauthorizedError(challenge=None).headers == ()

    def test_respects_a_challenge_among_the_headers(self) -> None:
        """A challenge given as a header is the only one, whatever its case."""
        error = UnauthorizedError(headers={"www-authenticate": "Negotiate"})

        assert error.headers == (("www-authenticate", "Negotiate"),)


@pytest.mark.parametrize("kind", [RateLimitedError, ServiceUnavailableError])
class TestRetryAfter:
    """Errors that pass by themselves may say when."""

    def test_becomes_a_header(self, kind: type[RateLimitedError]) -> None:
        """The seconds are sent as Retry-After, behind the headers that were given."""
        error = kind(retry_after_s=30, headers={"X-Limit": "10"})

        assert error.headers == (("X-Limit", "10"), ("Retry-After", "30"))
        assert error.retry_after_s == 30

    def test_zero_means_at_once(self, kind: type[RateLimitedError]) -> None:
        """Zero seconds is an answer, not a missing one."""
        assert kind(retry_after_s=0).headers == (("Retry-After", "0"),)

    def test_is_not_sent_unless_known(self, kind: type[RateLimitedError]) -> None:
        """Without the option there is no such header."""
        assert kind().headers == ()

    @pytest.mark.parametrize(("seconds", "problem"), [(-1, ValueError), (1.5, TypeError), ("3", TypeError)])
    def test_refuses_what_is_no_whole_number_of_seconds(
        self, kind: type[RateLimitedError], seconds: int, problem: type[Exception]
    ) -> None:
        """A negative or broken number fails where it is written."""
        with pytest.raises(problem, match="retry_after_s"):
            kind(retry_after_s=seconds)

    def test_refuses_a_truth_value(self, kind: type[RateLimitedError]) -> None:
        """True is no number of seconds."""
        with pytest.raises(TypeError, match="retry_after_s"):
            kind(retry_after_s=True)
