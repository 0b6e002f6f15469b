"""Give each request one database session, and commit it before the response starts.

Scopes: http; websocket, where each block has a session of its own; all others pass through.
Order: innermost, inside the layer that renders errors: a failed commit must become a 409 or 503.
Reads: `http.response.start` and its status, `http.disconnect`.
Writes: nothing of its own. A response whose commit failed does not leave.
Errors: what a commit raises leaves as an AppError, whatever a framework makes of it; errors of SQLAlchemy's that the
    app raises do, too.
Source: https://asgi.readthedocs.io/en/latest/specs/www.html.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from asgi_stack.database.committing import CommittingExchange
from asgi_stack.database.errors import raise_clean, to_app_error
from asgi_stack.database.request_session import RequestSession
from asgi_stack.database.session import Database
from asgi_stack.options import check_app, check_flag
from asgi_stack.pipeline import Stage

if TYPE_CHECKING:
    from asgi_stack.types import AnyASGIApp, Receive, Scope, Send

__all__ = ["DatabaseSessionMiddleware"]


class DatabaseSessionMiddleware:
    """Make `get_async_session()` and `get_db` mean the request's one session, and end it as the response says.

    Args:
        app: The application inside.
        database: Where the session comes from. Its lifespan opens and closes it with the server; under a server that
            sends none, the first request that needs it opens it.
        release_before_stream: Whether the session is over when the response starts. Otherwise the body of a stream and
            background work may use it, and hold a connection for as long as they do; what they write is committed when
            the app returns.

    Raises:
        TypeError: An option is of the wrong type.

    A session is made when it is first asked for; a request that needs none costs next to nothing. A status below 400
    commits, before the response leaves: nobody reads of a success that was not written. A status from 400 on, an
    exception, a client that left before its response, and a cancellation roll back. When the commit fails, the app's
    response does not leave, and the AppError goes to the layer outside: 409 for what must be unique, 503 for a
    database that is lost or slow.
    """

    stage: ClassVar[Stage] = Stage.DATABASE

    def __init__(self, app: AnyASGIApp, *, database: Database, release_before_stream: bool = False) -> None:
        check_app(app)
        if not isinstance(database, Database):
            raise TypeError(f"database must be a Database, not {database!r}")
        check_flag("release_before_stream", release_before_stream)
        self.app: AnyASGIApp = app
        self._database = database
        self._releases = release_before_stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        kind = scope["type"]
        if kind not in ("http", "websocket"):
            return await self.app(scope, receive, send)  # type: ignore[no-any-return]  # what the app returned
        request = RequestSession(self._database, is_shared=kind == "http")
        request.enter()
        try:
            if kind == "http":
                exchange = CommittingExchange(request, receive, send, releases=self._releases)
                return await exchange.run(self.app, scope)  # type: ignore[return-value] # pyright: ignore[reportReturnType] # what it is
            return await self.app(scope, receive, send)  # type: ignore[no-any-return]  # as above
        except Exception as error:
            made = to_app_error(error)
            if made is None:
                raise
            raise_clean(made)
        finally:
            request.leave()
