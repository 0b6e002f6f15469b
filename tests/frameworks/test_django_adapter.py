"""The adapter of Django: what it answers, and what it leaves alone."""

from __future__ import annotations

import asyncio
import json
import threading
from io import BytesIO
from types import ModuleType
from typing import Final

import pytest
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import ResolverMatch

from asgi_stack import RequestContext
from asgi_stack.frameworks.django import AdapterMiddleware, install
from asgi_stack.testing import ASGIClient
from tests.frameworks.django_project import (
    OWN,
    Hiding,
    Keeping,
    MakeProject,
    OwnAnswers,
    Refusing,
    Reports,
    SyncOnly,
    make,
    ok,
    urlpatterns,
    values,
    wrapped,
)
from tests.log_capture import LogLines

__all__ = ["make"]

ADAPTER: Final = "asgi_stack.frameworks.django.AdapterMiddleware"
HTML: Final = "text/html,application/xhtml+xml,*/*;q=0.8"


ROWS: Final = [
    ("/nothing", 404, "NOT_FOUND", "Not Found", "info"),
    ("/missing", 404, "NOT_FOUND", "No lamp", "info"),
    ("/denied", 403, "FORBIDDEN", "Not yours", "warning"),
    ("/bad", 400, "BAD_REQUEST", "Bad Request", "warning"),
    ("/suspicious", 400, "BAD_REQUEST", "Bad Request", "warning"),
    ("/post", 405, "METHOD_NOT_ALLOWED", "Method Not Allowed", "warning"),
    ("/conflict", 409, "CONFLICT", "It changed", "warning"),
    ("/closed", 503, "SERVICE_UNAVAILABLE", "Later", "error"),
]


class TestAnswers:
    """What Django answers itself has the stack's shape."""

    @pytest.mark.parametrize("middleware", [(), (SyncOnly,)], ids=["async", "sync"])
    @pytest.mark.parametrize(("url", "status", "code", "message", "level"), ROWS)
    async def test_one_shape_and_one_line(  # noqa: PLR0913, PLR0917 - a row, and how Django runs the adapter
        self,
        make: MakeProject,
        log_lines: LogLines,
        middleware: tuple[type, ...],
        url: str,
        status: int,
        code: str,
        message: str,
        level: str,
    ) -> None:
        """Each has its status, code and words, and one line, on the event loop as in a thread."""
        response = await ASGIClient(wrapped(make(*middleware))).get(url)
        body = json.loads(response.body)
        (line,) = log_lines("request_failed")

        assert (response.status, body["error_code"], body["message"]) == (status, code, message)
        assert line["level"] == level
        assert b"hunter2" not in response.body

    async def test_refusal_by_a_middleware_is_answered(self, make: MakeProject) -> None:
        """An exception that never reached a view has no words of its own left: the status says enough."""
        response = await ASGIClient(wrapped(make(Refusing))).get("/items")
        body = json.loads(response.body)

        assert (response.status, body["error_code"], body["message"]) == (403, "FORBIDDEN", "Forbidden")

    async def test_answer_is_to_the_page_that_left(self, make: MakeProject) -> None:
        """A refusal that a middleware turned into a 404 stays one, and tells nothing of the refusal."""
        response = await ASGIClient(wrapped(make(Hiding))).get("/denied")
        body = json.loads(response.body)

        assert (response.status, body["message"]) == (404, "Not Found")

    async def test_what_the_project_added_is_kept(self, make: MakeProject) -> None:
        """Cookies and headers of its middlewares stay, and so does Allow; what described the page goes with it."""
        client = ASGIClient(wrapped(make(SyncOnly)))
        for url in ("/nothing", "/post", "/conflict"):
            response = await client.get(url)

            assert values(response, b"set-cookie") == [b"seen=yes; HttpOnly; Path=/"]
            assert (values(response, b"vary"), values(response, b"x-project")) == ([b"Cookie"], [b"shop"])
            assert values(response, b"content-length") == [b"%d" % len(response.body)]
            assert values(response, b"content-type") == [b"application/json"]
            assert values(response, b"cache-control") == [b"no-store"]
            if url != "/conflict":  # the middlewares saw that one itself, not a page in its place
                assert values(response, b"etag") + values(response, b"content-language") == []
        assert values(await client.get("/post"), b"allow") == [b"POST"]

    async def test_header_given_twice_is_kept(self, make: MakeProject) -> None:
        """Django has each name once: values are joined, and cookies are cookies."""
        response = await ASGIClient(wrapped(make())).get("/linked")

        assert values(response, b"link") == [b"<a>, <b>"]
        assert values(response, b"set-cookie") == [b"one=1", b"two=2; Path=/"]

    async def test_problem_details_come_from_inside_too(self, make: MakeProject) -> None:
        """A client that asks for problem details gets them."""
        client = ASGIClient(wrapped(make()))
        response = await client.get("/nothing", headers={"accept": "application/problem+json"})

        assert values(response, b"content-type") == [b"application/problem+json"]
        assert json.loads(response.body)["status"] == 404

    @pytest.mark.parametrize("middleware", [(), (SyncOnly,)], ids=["async", "sync"])
    async def test_reporters_are_told_once_on_the_loop(self, make: MakeProject, middleware: tuple[type, ...]) -> None:
        """A 503 is reported, once, in the thread of the event loop; a 404 and a 409 are not."""
        reports = Reports()
        client = ASGIClient(wrapped(make(*middleware), [reports]))
        for url in ("/nothing", "/conflict", "/closed"):
            await client.get(url)

        assert reports.events == [("SERVICE_UNAVAILABLE", threading.current_thread())]

    async def test_unknown_exceptions_stay_with_the_stack(self, make: MakeProject, log_lines: LogLines) -> None:
        """A bug is a 500 with one error line, as without an adapter."""
        response = await ASGIClient(wrapped(make())).get("/boom")
        (line,) = log_lines("request_failed")

        assert (response.status, json.loads(response.body)["error_code"]) == (500, "INTERNAL_ERROR")
        assert (line["exception_type"], line["exception_message"]) == ("RuntimeError", "CANARY-16180")

    @pytest.mark.parametrize("url", ["/denied", "/post"])
    async def test_django_says_it_once(self, make: MakeProject, log_lines: LogLines, url: str) -> None:
        """Django logs a refusal where it happens; the answer in its place is no second one."""
        await ASGIClient(wrapped(make())).get(url)

        assert len([line for line in log_lines() if line["logger"] == "django.request"]) == 1

    async def test_request_does_not_keep_its_exception(self, make: MakeProject) -> None:
        """The exception's traceback refers to the request: the two would live until the next collection."""
        client = ASGIClient(wrapped(make(Keeping)))
        for headers in ({}, {"accept": HTML}):
            await client.get("/missing", headers=headers)
        kept = [value for request in Keeping.requests for value in vars(request).values()]
        Keeping.requests.clear()

        assert [value for value in kept if isinstance(value, Exception)] == []


class TestOwnAnswers:
    """What the project says itself stays, and so do Django's pages for browsers."""

    @pytest.mark.parametrize("url", ["/nothing", "/missing", "/denied", "/bad", "/post"])
    async def test_pages_for_browsers(self, make: MakeProject, url: str) -> None:
        """A client that asks for pages gets Django's, byte for byte."""
        adapted = await ASGIClient(wrapped(make())).get(url, headers={"accept": HTML})
        plain = await ASGIClient(wrapped(make(adapted=False))).get(url, headers={"accept": HTML})

        assert (adapted.status, adapted.body) == (plain.status, plain.body)
        assert values(adapted, b"content-type") == [b"text/html; charset=utf-8"]

    @pytest.mark.parametrize("url", ["/own", "/streamed"])
    async def test_response_of_a_view(self, make: MakeProject, log_lines: LogLines, url: str) -> None:
        """A 404 in a view's own words is no default page, and no error."""
        response = await ASGIClient(wrapped(make())).get(url)

        assert (response.status, response.body) == (404, OWN)
        assert log_lines("request_failed") == []

    @pytest.mark.parametrize("url", ["/nothing", "/missing"])
    async def test_handler_of_a_status(self, make: MakeProject, url: str) -> None:
        """The URLconf's `handler404` wins."""
        urlconf = ModuleType("pages")
        vars(urlconf).update(urlpatterns=urlpatterns, handler404=lambda *_, **__: HttpResponse(OWN, status=404))
        response = await ASGIClient(wrapped(make(urlconf=urlconf))).get(url)

        assert (response.status, response.body) == (404, OWN)

    @pytest.mark.parametrize(("template", "url"), [("404.html", "/nothing"), ("403.html", "/denied")])
    async def test_template_of_a_status(self, make: MakeProject, template: str, url: str) -> None:
        """So does a template."""
        loaders = [("django.template.loaders.locmem.Loader", {template: OWN.decode()})]
        engine = {"BACKEND": "django.template.backends.django.DjangoTemplates", "OPTIONS": {"loaders": loaders}}
        response = await ASGIClient(wrapped(make(TEMPLATES=[engine]))).get(url)

        assert response.body == OWN

    @pytest.mark.parametrize("url", ["/conflict", "/missing", "/denied"])
    async def test_handler_of_an_exception(self, make: MakeProject, url: str) -> None:
        """A middleware of the project's that answers exceptions is asked before the adapter is."""
        response = await ASGIClient(wrapped(make(OwnAnswers))).get(url)

        assert (response.status, response.body) == (418, OWN)

    @pytest.mark.parametrize("url", ["/nothing", "/missing", "/denied", "/bad", "/post", "/conflict", "/boom"])
    async def test_without_a_stack(self, make: MakeProject, url: str) -> None:
        """The bare project with an adapter and the one without give the same bytes."""
        adapted = await ASGIClient(make()).get(url)
        plain = await ASGIClient(make(adapted=False)).get(url)

        assert (adapted.status, adapted.headers, adapted.body) == (plain.status, plain.headers, plain.body)

    @pytest.mark.parametrize("url", ["/nothing", "/missing", "/post", "/conflict", "/items"])
    async def test_under_wsgi(self, make: MakeProject, url: str) -> None:
        """Nothing changes where there is no scope."""

        def answer() -> tuple[str, list[tuple[str, str]], bytes]:
            started: list[tuple[str, list[tuple[str, str]]]] = []
            environ = {"REQUEST_METHOD": "GET", "PATH_INFO": url, "SERVER_NAME": "shop", "SERVER_PORT": "80"}
            body = WSGIHandler()(
                {**environ, "wsgi.input": BytesIO(), "wsgi.url_scheme": "http"},
                lambda status, headers: started.append((status, headers)),
            )
            return *started[0], b"".join(body)

        make()
        adapted = await sync_to_async(answer)()
        make(adapted=False)

        assert adapted == await sync_to_async(answer)()


class TestRoutes:
    """The request line has the template of the route."""

    @pytest.mark.parametrize("middleware", [(), (SyncOnly,)], ids=["async", "sync"])
    @pytest.mark.parametrize(
        ("url", "route"),
        [
            ("/missing", "/missing"),
            ("/closed", "/closed"),
            ("/boom", "/boom"),
            ("/shop/lamps/items/7", "/shop/{name}/items/{id}"),
            ("/items/lamp/00000000-0000-4000-8000-000000000000", "/items/{slug}/{key}"),
            ("/old/7", "/^old/(?P<id>[0-9]+)$"),
            ("/shop/lamps/old/7", "/shop/{name}/old/(?P<id>[0-9]+)$"),
            ("/nothing", None),
        ],
    )
    async def test_template(
        self,
        make: MakeProject,
        log_lines: LogLines,
        middleware: tuple[type, ...],
        url: str,
        route: str | None,
    ) -> None:
        """With prefixes of includes, and a name for each parameter; regular expressions are left as they are."""
        await ASGIClient(wrapped(make(*middleware))).get(url)
        (line,) = log_lines("request_completed")

        assert line["route"] == route

    async def test_cancelled_request_has_its_route(self) -> None:
        """So has one whose client went away before the view was done."""
        request = HttpRequest()
        request.resolver_match = ResolverMatch(ok, (), {}, route="items/<int:id>")

        async def get_response(_request: HttpRequest) -> HttpResponse:
            raise asyncio.CancelledError

        with RequestContext.scope() as record:
            answer = AdapterMiddleware(get_response)(request)
            with pytest.raises(asyncio.CancelledError):
                await answer

            assert record.route == "/items/{id}"


class TestInstall:
    """The setting MIDDLEWARE with the adapter."""

    def test_adapter_comes_first_once(self) -> None:
        """However often it is called, wherever the adapter was; the list that was given is left as it is."""
        given = ["one", "two"]
        first = install(given)

        assert first == install(first) == install(("one", ADAPTER, "two")) == [ADAPTER, "one", "two"]
        assert given == ["one", "two"]

    @pytest.mark.parametrize("given", ["one", None, [1], [b"one"], ASGIHandler])
    def test_bad_input_is_refused(self, given: object) -> None:
        """What is no list of texts is named."""
        with pytest.raises(ValueError, match="middleware must be a sequence of texts, not ") as caught:
            install(given)  # type: ignore[arg-type]  # wrong on purpose

        assert repr(given) in str(caught.value)
