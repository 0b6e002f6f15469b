"""The ids on the calls that a service makes itself."""

from __future__ import annotations

import httpx

from asgi_stack.context import RequestContext
from asgi_stack.outgoing import httpx_event_hooks
from asgi_stack.types import Receive, Scope, Send

URL = "http://downstream.example/"


class Downstream:
    """A service that answers, and keeps the headers of each request; the path `/moved` redirects."""

    def __init__(self) -> None:
        self.requests: list[httpx.Headers] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve ASGI."""
        self.requests.append(httpx.Headers(scope["headers"]))
        start = {"status": 200, "headers": []}
        if scope["path"] == "/moved":
            start = {"status": 307, "headers": [(b"location", b"/")]}
        await send({"type": "http.response.start", **start})
        await send({"type": "http.response.body"})

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Serve httpx.Client in process."""
        self.requests.append(request.headers)
        return httpx.Response(200)

    def client(self) -> httpx.AsyncClient:
        """Give a client of this service that has the hooks."""
        transport = httpx.ASGITransport(self)
        return httpx.AsyncClient(transport=transport, event_hooks=httpx_event_hooks(), follow_redirects=True)

    def ids(self) -> list[tuple[str | None, str | None]]:
        """Give the two ids that each request carried; a repeated header shows as one joined by commas."""
        return [(each.get("x-correlation-id"), each.get("x-request-id")) for each in self.requests]


class TestHTTPXEventHooks:
    """Hooks for httpx."""

    async def test_calls_carry_the_current_ids(self) -> None:
        """The async client sends both ids, each once, on every call and every redirect."""
        service = Downstream()

        async with service.client() as client:
            with RequestContext.scope("chain-1") as record:
                await client.get(URL)
                await client.get(URL + "moved")

        assert service.ids() == [("chain-1", record.request_id)] * 3

    def test_blocking_client_does_so_too(self) -> None:
        """The same hooks serve httpx.Client."""
        service = Downstream()
        transport = httpx.MockTransport(service.answer)

        with (
            httpx.Client(transport=transport, event_hooks=httpx_event_hooks()) as client,
            RequestContext.scope("chain-1") as record,
        ):
            client.get(URL)

        assert service.ids() == [("chain-1", record.request_id)]

    async def test_header_of_the_caller_wins(self) -> None:
        """What the caller set stays, in whatever case it was written."""
        service = Downstream()

        async with service.client() as client:
            with RequestContext.scope("chain-1"):
                await client.get(URL, headers={"X-REQUEST-ID": "mine"})

        assert service.ids() == [("chain-1", "mine")]

    async def test_nothing_is_added_outside_a_request(self) -> None:
        """Without a record there is no id to hand on."""
        service = Downstream()

        async with service.client() as client:
            await client.get(URL)

        assert service.ids() == [(None, None)]

    async def test_each_call_has_the_ids_of_its_own_request(self) -> None:
        """One client shared by requests never mixes their ids."""
        service = Downstream()

        async with service.client() as client:
            for job in ("a", "b"):
                with RequestContext.scope(job):
                    await client.get(URL)

        assert [ids[0] for ids in service.ids()] == ["a", "b"]
