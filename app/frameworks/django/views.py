"""The shop's views, for JSON, text and pages, async and sync."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Final

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from django.views.defaults import server_error

from app.frameworks.failures import CLOSED_TEXT, PAGE, SECRET, conflict, fail
from app.models import NewItem
from app.shelf import ItemRepository
from asgi_stack import validate

PLAIN: Final = "text/plain"

items: Final = ItemRepository()


async def index(_request: HttpRequest) -> HttpResponse:
    """Say who answers."""
    return JsonResponse({"framework": "Django"})


async def show_item(_request: HttpRequest, item_id: str) -> HttpResponse:
    """Show an article; an unknown one is an AppError of the shop's."""
    return JsonResponse(asdict(items.get(item_id)))


def show_item_in_thread(_request: HttpRequest, item_id: str) -> HttpResponse:
    """Show an article from a worker thread."""
    return JsonResponse(asdict(items.get(item_id)))


async def show_number(_request: HttpRequest, number: int) -> HttpResponse:
    """Take a number off the path."""
    return JsonResponse({"number": number})


@csrf_exempt
@require_POST
async def create_item(request: HttpRequest) -> HttpResponse:
    """Put a new article on the shelf."""
    new = validate(NewItem, request.body)
    item = items.create(new.name, price_cents=new.price_cents, stock=new.stock)
    return JsonResponse(asdict(item), status=201)


async def text(_request: HttpRequest) -> HttpResponse:
    """Answer in plain text."""
    return HttpResponse("hello", content_type=PLAIN)


async def page(_request: HttpRequest) -> HttpResponse:
    """Answer with a page."""
    return HttpResponse(PAGE)


async def moved(_request: HttpRequest) -> HttpResponse:
    """Send the client elsewhere, with its method; Django has a class for 302 alone."""
    response = HttpResponseRedirect("/")
    response.status_code = 307
    return response


async def stream(_request: HttpRequest) -> StreamingHttpResponse:
    """Answer in parts."""

    async def parts() -> AsyncIterator[str]:
        for part in ("one\n", "two\n", "three\n"):
            yield part

    return StreamingHttpResponse(parts(), content_type=PLAIN)


async def boom(_request: HttpRequest) -> JsonResponse:
    """Fail as a bug does."""
    fail()


async def boom_text(_request: HttpRequest) -> HttpResponse:
    """Fail where a text was due."""
    fail()


async def boom_page(_request: HttpRequest) -> HttpResponse:
    """Fail where a page was due."""
    fail()


def boom_in_thread(_request: HttpRequest) -> JsonResponse:
    """Fail in a worker thread."""
    fail()


async def conflicting(_request: HttpRequest) -> JsonResponse:
    """Fail as the stack's users do."""
    conflict()


def conflicting_in_thread(_request: HttpRequest) -> JsonResponse:
    """Fail as the stack's users do, in a worker thread."""
    conflict()


async def denied(_request: HttpRequest) -> HttpResponse:
    """Refuse in the framework's way."""
    raise PermissionDenied("Not yours")


async def closed(_request: HttpRequest) -> HttpResponse:
    """Refuse on purpose, saying nothing but the status."""
    return HttpResponse("Service Unavailable", status=503, content_type=PLAIN, headers={"Retry-After": "7"})


def unexplained(request: HttpRequest) -> HttpResponse:
    """Answer as the framework does when a view fails, though none did."""
    return server_error(request)


async def maintenance(_request: HttpRequest) -> HttpResponse:
    """Refuse on purpose, in words of the shop's own."""
    return HttpResponse(CLOSED_TEXT, status=503, content_type=PLAIN)


async def handled(_request: HttpRequest) -> HttpResponse:
    """Fail in a way that a middleware of the shop's own answers."""
    raise LookupError(SECRET)


async def handled_miss(_request: HttpRequest) -> HttpResponse:
    """Miss something in a way that a middleware of the shop's own answers."""
    raise KeyError(SECRET)


async def stream_boom(_request: HttpRequest) -> StreamingHttpResponse:
    """Fail in the middle of the body."""

    async def parts() -> AsyncIterator[str]:
        yield "one\n"
        fail()

    return StreamingHttpResponse(parts(), content_type=PLAIN)
