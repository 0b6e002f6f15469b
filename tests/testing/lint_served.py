"""Applications inside lints for real servers to serve; `/violations` tells what was found, and so does the end."""

from __future__ import annotations

import json

from app.main import database as demo_database
from app.main import service as demo_service
from app.main import settings as demo_settings
from asgi_stack import wrap
from asgi_stack.testing import ASGILint
from asgi_stack.types import ASGIApp, Receive, Scope, Send
from tests.integration.apps import respond
from tests.integration.apps import service as service_of_the_tests


def watched(outer: ASGILint, inner: ASGILint) -> ASGIApp:
    """Serve what is inside the outer lint, and tell what both have found."""

    def found() -> str:
        return json.dumps([str(violation) for violation in (*outer.violations, *inner.violations)])

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") == "/violations":
            return await respond(send, found().encode())
        try:
            await outer(scope, receive, send)
        finally:
            if scope["type"] == "lifespan":
                print("violations:", found(), flush=True)  # noqa: T201 - no request can ask any more

    return app


# Some paths of this app break rules on purpose: inside, only what reaches it is judged.
inner_of_service = ASGILint(service_of_the_tests, blame="server")
service = watched(ASGILint(wrap(inner_of_service)), inner_of_service)

inner_of_demo = ASGILint(demo_service)
demo = watched(ASGILint(wrap(inner_of_demo, demo_settings, database=demo_database)), inner_of_demo)
