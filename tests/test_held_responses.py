"""Whose a held response is, and what keeps standing when another one takes its place."""

from __future__ import annotations

import json
from typing import Final

from asgi_stack import ErrorHandlerMiddleware
from asgi_stack.frameworks.default_bodies import DEFAULT_BODIES
from tests.driver import exchange, http_scope
from tests.frameworks.imitations import DJANGO_PAGE, django_returning

OWN: Final = b"Back at ten"


class TestHead:
    """A response to HEAD has no body to compare."""

    async def test_length_of_a_default_page_counts(self) -> None:
        """A HEAD whose length is that of a default page is answered with the headers of an ErrorResponse."""
        app = django_returning(500, b"", [(b"Content-Length", b"%d" % len(DJANGO_PAGE))])

        seen = await exchange(ErrorHandlerMiddleware(app), http_scope(method="HEAD"))

        assert seen.body == b""
        assert seen.values("content-type") == ["application/json"]

    async def test_any_other_length_is_the_apps_own(self) -> None:
        """A HEAD of another length leaves as it is."""
        app = django_returning(500, b"", [(b"Content-Length", b"7")])

        seen = await exchange(ErrorHandlerMiddleware(app), http_scope(method="HEAD"))

        assert seen.values("content-length") == ["7"]


class TestOwnList:
    """The list of default bodies can be extended."""

    async def test_a_body_of_ones_own_framework_is_replaced(self) -> None:
        """A page that the list was given makes way like those of known frameworks."""
        bodies = DEFAULT_BODIES.extended({500: [OWN]})

        seen = await exchange(ErrorHandlerMiddleware(django_returning(500, OWN), replace_5xx=bodies))

        assert json.loads(seen.body)["error_code"] == "INTERNAL_ERROR"
