"""How the shop answers what its views raise: Django has no handlers by exception, so a middleware does it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from asgiref.sync import markcoroutinefunction
from django.http import HttpRequest, HttpResponse

from app.frameworks.failures import CLOSED_TEXT, OWN_PAGE

STATUSES: Final[Mapping[type[Exception], int]] = {KeyError: 404, LookupError: 500}


class LookupErrorMiddleware:
    """Answer each LookupError that is no AppError in words of the shop's own."""

    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], Awaitable[HttpResponse]]) -> None:
        self._get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        """Hand the request on."""
        return await self._get_response(request)

    async def process_exception(self, _request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer an exception, or leave it to others."""
        status = STATUSES.get(type(error))
        return None if status is None else HttpResponse(CLOSED_TEXT, status=status, content_type="text/plain")


def sorry(_request: HttpRequest) -> HttpResponse:
    """Give the shop's own error page."""
    return HttpResponse(OWN_PAGE, status=500)
