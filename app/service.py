"""The bare service: ASGI and nothing else. It knows nothing of the stack around it but the errors it may raise."""

from __future__ import annotations

from app.errors import ClientGoneError
from app.protocol import Request
from app.routes import Shop
from asgi_stack.types import ASGIApp, Receive, Scope, Send


def build_service(shop: Shop) -> ASGIApp:
    """Make the application that answers for a shop."""
    router = shop.router()

    async def service(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            # The specification asks an app to raise for what it does not serve; the stack answers lifespan for it.
            raise NotImplementedError(f"a {scope['type']} scope is not served")
        request = Request(scope, receive)
        handler = router.find(request)
        try:
            await handler(request, send)
        except ClientGoneError:
            return  # nobody is left to answer

    return service
