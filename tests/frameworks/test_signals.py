"""The real Quart and Django inside the stack: why they failed is known, told once, and nothing else changes."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import pytest
from django.core.signals import got_request_exception as django_signal
from quart.signals import got_request_exception as quart_signal

from asgi_stack import ErrorHandlerMiddleware, Pipeline, RequestContext, RequestContextMiddleware
from asgi_stack.frameworks.signals import connect_signals
from asgi_stack.reporting import ErrorEvent
from asgi_stack.types import AnyASGIApp
from tests.driver import Exchange, exchange, http_scope, websocket_scope
from tests.frameworks.reports import Reports
from tests.integration.django_app import SECRET as DJANGO_SECRET
from tests.integration.django_app import django_app
from tests.integration.quart_app import SECRET as QUART_SECRET
from tests.integration.quart_app import quart_app
from tests.log_capture import LogLines

NOT_LINTED: Final = "http.header-name-case"
"""Django writes header names with capitals."""


@dataclass(frozen=True)
class Framework:
    """A framework under test.

    Attributes:
        make: Makes the app.
        secret: The message of what its failing views raise.
    """

    name: str
    make: Callable[[], AnyASGIApp]
    secret: str


QUART: Final = Framework("quart", quart_app, QUART_SECRET)
DJANGO: Final = Framework("django", lambda: django_app, DJANGO_SECRET)


@pytest.fixture(params=[QUART, DJANGO], ids=lambda framework: framework.name)
def framework(request: pytest.FixtureRequest) -> Framework:
    """Give each framework."""
    chosen: Framework = request.param
    return chosen


def stack(app: AnyASGIApp, reports: Reports | None = None) -> AnyASGIApp:
    """Put the layers that matter around an app."""
    reporters = [] if reports is None else [reports]
    return Pipeline().use(RequestContextMiddleware).use(ErrorHandlerMiddleware, reporters=reporters).build(app)


async def ask(app: AnyASGIApp, path: str) -> Exchange:
    """Ask for a path once."""
    return await exchange(app, http_scope(path=path, headers=[(b"host", b"shop")]), allowed=[NOT_LINTED])


class TestUnknownExceptions:
    """What the framework answers by default is answered by the stack, with the exception known."""

    @pytest.mark.parametrize("path", ["/boom", "/thread"])
    async def test_one_answer_one_line_one_report(self, framework: Framework, path: str, log_lines: LogLines) -> None:
        """A view that raises, coroutine or not, comes to our 500; the log has one line, and it has the exception."""
        reports = Reports()

        answer = await ask(stack(framework.make(), reports), path)

        assert (answer.status, answer.json()["error_code"]) == (500, "INTERNAL_ERROR")
        assert framework.secret.encode() not in answer.body
        (line,) = log_lines()
        assert (line["event"], line["exception_message"]) == ("request_failed", framework.secret)
        assert [str(event.exception) for event in reports.events] == [framework.secret]

    async def test_app_error_has_its_own_status(self, framework: Framework, log_lines: LogLines) -> None:
        """An AppError out of a view is answered with its own status and words."""
        answer = await ask(stack(framework.make()), "/conflict")

        assert (answer.status, answer.json()["details"]) == (409, {"version": 2})
        assert [line["level"] for line in log_lines()] == ["warning"]

    async def test_requests_keep_their_exceptions_apart(self, framework: Framework, log_lines: LogLines) -> None:
        """Fifty failures at once: each line has the exception of its own request."""
        app = stack(framework.make())

        answers = await asyncio.gather(*(ask(app, f"/boom/n{number}") for number in range(50)))

        told = {line["correlation_id"]: (line["path"], line["exception_message"].strip("'")) for line in log_lines()}
        expected = {answer.json()["correlation_id"]: number for number, answer in enumerate(answers)}
        assert told == {key: (f"/boom/n{number}", f"n{number}") for key, number in expected.items()}
        assert len(log_lines()) == 50

    async def test_without_a_record_it_stays_unknown(self, framework: Framework, log_lines: LogLines) -> None:
        """With no context layer outside the client gets the same 500, and the framework's own line stays."""
        answer = await ask(ErrorHandlerMiddleware(framework.make()), "/boom")

        assert (answer.status, answer.json()["error_code"]) == (500, "INTERNAL_ERROR")
        own, ours = log_lines()
        assert framework.secret in str(own)
        assert ours["event"] == "unexplained_error_response"

    async def test_framework_speaks_where_no_error_layer_is(self, framework: Framework, log_lines: LogLines) -> None:
        """A stack without an error layer, in a process that has one elsewhere, keeps the framework's line."""
        connect_signals()

        await ask(RequestContextMiddleware(framework.make()), "/boom")

        (line,) = log_lines()
        assert framework.secret in str(line)

    async def test_exception_is_not_kept(self, framework: Framework, log_lines: LogLines) -> None:
        """The record has the exception while it is reported, and lets go of it at the end of the request."""
        records: list[RequestContext] = []
        held: list[str] = []

        class Watching:
            def report(self, event: ErrorEvent) -> None:
                records.extend(filter(None, [RequestContext.current()]))
                held.extend(str(record.error) for record in records)

        watched = Pipeline().use(RequestContextMiddleware).use(ErrorHandlerMiddleware, reporters=[Watching()])
        await ask(watched.build(framework.make()), "/boom")

        assert held == [framework.secret]
        assert [record.error for record in records] == [None]


class TestOwnAnswers:
    """What the app or its framework answers on purpose leaves as it is."""

    @pytest.mark.parametrize(("app", "path"), [(quart_app(own_page=500), "/boom"), (django_app, "/own/500")])
    async def test_own_page_of_a_failure(self, app: AnyASGIApp, path: str, log_lines: LogLines) -> None:
        """An error page of the app's own is untouched, and the line has the exception."""
        reports = Reports()

        bare, answer = await ask(app, path), await ask(stack(app, reports), path)

        assert (answer.status, answer.body) == (500, bare.body) == (500, b"Back at ten")
        assert [line["level"] for line in log_lines("request_failed")] == ["error"]
        assert len(reports.events) == 1

    @pytest.mark.parametrize("status", [200, 404])
    @pytest.mark.parametrize("name", ["quart", "django"])
    async def test_failure_behind_another_status(self, name: str, status: int, log_lines: LogLines) -> None:
        """A failure that is answered with less than a 500 still has its line, and it is no late one."""
        app = quart_app(own_page=status) if name == "quart" else django_app
        reports = Reports()

        answer = await ask(stack(app, reports), "/boom" if name == "quart" else f"/own/{status}")

        assert (answer.status, answer.body) == (status, b"Back at ten")
        (line,) = log_lines("request_failed")
        assert (line["level"], "late_error" in line) == ("error", False)
        assert len(reports.events) == 1

    @pytest.mark.parametrize(
        ("app", "path", "status"),
        [
            pytest.param(quart_app(), "/closed", 503, id="quart-abort"),
            pytest.param(quart_app(), "/nowhere", 404, id="quart-404"),
            pytest.param(django_app, "/closed", 503, id="django-page"),
            pytest.param(django_app, "/missing", 404, id="django-Http404"),
            pytest.param(django_app, "/", 200, id="django-200"),
        ],
    )
    async def test_deliberate_answers(self, app: AnyASGIApp, path: str, status: int, log_lines: LogLines) -> None:
        """HTTP exceptions and ordinary answers pass byte for byte, without an error line."""
        bare = await ask(app, path)

        answer = await ask(stack(app), path)

        assert (answer.status, answer.body) == (status, bare.body)
        assert log_lines("request_failed") == []

    async def test_users_own_line_stays(self, log_lines: LogLines) -> None:
        """What a handler of the app's own logs about the exception is written beside ours."""
        app = quart_app()

        def sorry(error: Exception) -> tuple[str, int]:
            logging.getLogger("shop").error("payment failed", exc_info=getattr(error, "original_exception", None))
            return "sorry", 500

        app.register_error_handler(500, sorry)
        await ask(stack(app), "/boom")

        assert [line["event"] for line in log_lines()] == ["payment failed", "request_failed"]


async def test_websocket_of_quart_is_logged(log_lines: LogLines) -> None:
    """Quart closes a failing websocket as if all were well; the line is there, once."""
    answer = await exchange(stack(quart_app()), websocket_scope(path="/socket"))

    assert answer.messages[0]["type"] == "websocket.accept"
    (line,) = log_lines()
    assert (line["event"], line["type"], line["exception_message"]) == ("request_failed", "websocket", QUART_SECRET)


class TestConnecting:
    """The receivers, which the whole process shares."""

    async def test_layers_share_one_receiver(self, log_lines: LogLines) -> None:
        """However many layers connect, each signal has one receiver of ours."""
        for _ in range(3):
            for app in (quart_app(), django_app):
                await ask(stack(app), "/")
            connect_signals()

        ours = [key for key, *_ in django_signal.receivers if "asgi_stack" in str(key)]
        heard = [each for each in quart_signal.receivers_for(None) if each.__module__.startswith("asgi_stack")]
        assert (len(ours), len(heard)) == (1, 1)

    async def test_framework_loaded_after_the_first_request(self, log_lines: LogLines) -> None:
        """A layer whose framework was not yet loaded hears of its second failure."""
        app = stack(quart_app())
        with pytest.MonkeyPatch.context() as unloaded:
            unloaded.delitem(sys.modules, "quart.signals")
            unloaded.delitem(sys.modules, "django.core.signals")
            await ask(app, "/")
        for receiver in list(quart_signal.receivers_for(None)):
            quart_signal.disconnect(receiver)

        for _ in range(2):
            await ask(app, "/boom")

        events = [line["event"] for line in log_lines() if line["logger"].startswith("asgi_stack")]
        assert events == ["unexplained_error_response", "request_failed"]

    def test_nothing_is_imported(self) -> None:
        """Where no framework is loaded, none is loaded by connecting."""
        program = (
            "import sys; from asgi_stack.frameworks.signals import connect_signals; "
            "assert connect_signals() is False; assert not {'quart', 'django', 'blinker'} & sys.modules.keys()"
        )

        done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, check=False)

        assert (done.returncode, done.stderr) == (0, b"")

    def test_half_loaded_module_is_no_signal(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A module that is still being imported, or that has become something else, is passed over."""
        monkeypatch.setitem(sys.modules, "quart.signals", type(sys)("quart.signals"))
        broken = type(sys)("django.core.signals")
        broken.got_request_exception = object()  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "django.core.signals", broken)

        assert connect_signals() is False

    async def test_receivers_never_raise(self) -> None:
        """Outside a request, or with nothing to tell, nothing happens."""
        connect_signals()

        await quart_signal.send_async(None)
        django_signal.send(sender=None)
        with RequestContext.scope() as record:
            await quart_signal.send_async(None)
            django_signal.send(sender=None, request=object())

        assert record.error is None
