"""Answer the probes of a load balancer or of Kubernetes: is the process alive, and can it serve?

Scopes: http; all others pass through.
Order: inside the security headers and the ids, outside the request line and the spans: probes fill no log.
Reads: method and path.
Writes: whole responses to the two paths; all others are the app's.
Errors: what a check raises is a 503 without a word of it; the log has it.
Source: https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Final

import orjson

from asgi_stack.health_checks import HealthCheck, HealthChecks
from asgi_stack.options import check_app, check_seconds
from asgi_stack.pipeline import Stage

if TYPE_CHECKING:
    from asgi_stack.types import AnyASGIApp, ASGIApp, Header, Receive, Scope, Send

__all__ = ["HealthCheck", "HealthMiddleware"]

_NO_CHECKS: Final[Mapping[str, HealthCheck]] = MappingProxyType({})
_RETRY_AFTER: Final = (b"retry-after", b"1")
_ALLOW: Final = (b"allow", b"GET, HEAD")


class HealthMiddleware:
    """Answer `/health/live` and `/health/ready`.

    Args:
        app: The application inside.
        checks: Names and coroutine functions without arguments, which raise, or give False, when something that the
            service needs is not there: `{"database": database.check}`. They decide readiness alone.
        live_path: Answers 200 as long as the process answers at all.
        ready_path: Answers 200 when all checks are well, else 503 with `Retry-After: 1`.
        timeout_s: Seconds that each check may take, above 0.
        cache_s: Seconds for which what they found holds, 0 or more: however many probes come, the database is asked
            once a second. Probes that come together share one run.

    Raises:
        TypeError: A check is no coroutine function, or an option is of the wrong type.
        ValueError: A path does not begin with a slash, both are the same, a name is empty, or a time is out of range.

    Bodies are JSON: `{"status": "ok", "checks": {"database": {"status": "ok", "duration_ms": 1.3}}}`; a check is `ok`,
    `failed` or `timeout`. What failed is in the log, in one WARNING when it begins and one INFO when it is over.
    """

    stage: ClassVar[Stage] = Stage.HEALTH

    def __init__(
        self,
        app: AnyASGIApp,
        *,
        checks: Mapping[str, HealthCheck] = _NO_CHECKS,
        live_path: str = "/health/live",
        ready_path: str = "/health/ready",
        timeout_s: float = 2.0,
        cache_s: float = 1.0,
    ) -> None:
        check_app(app)
        for option, path in (("live_path", live_path), ("ready_path", ready_path)):
            if not isinstance(path, str) or not path.startswith("/"):
                raise ValueError(f"{option} must be a path such as /{option.replace('_path', '')}, not {path!r}")
        if live_path == ready_path:
            raise ValueError(f"live_path and ready_path must differ: both are {live_path!r}")
        check_seconds("timeout_s", timeout_s)
        if cache_s != 0:
            check_seconds("cache_s", cache_s)
        self.app: ASGIApp = app
        self._paths: Final = frozenset({live_path, ready_path})
        self._live_path: Final = live_path
        self._checks: Final = HealthChecks(checks, timeout_s=timeout_s, cache_s=cache_s)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        path = scope["path"]
        if scope.get("root_path"):
            path = path.removeprefix(scope["root_path"])
        if path not in self._paths:
            return await self.app(scope, receive, send)
        if scope["method"] not in ("GET", "HEAD"):
            return await _send(scope, send, 405, {"status": "method_not_allowed"}, _ALLOW)
        if path == self._live_path:
            return await _send(scope, send, 200, {"status": "ok"})
        return await self._answer_ready(scope, send)

    async def _answer_ready(self, scope: Scope, send: Send) -> None:
        results = await self._checks.results()
        checks = {name: result._asdict() for name, result in results.items()}
        if all(result.status == "ok" for result in results.values()):
            return await _send(scope, send, 200, {"status": "ok", "checks": checks})
        return await _send(scope, send, 503, {"status": "unavailable", "checks": checks}, _RETRY_AFTER)


async def _send(scope: Scope, send: Send, status: int, payload: dict[str, object], *headers: Header) -> None:
    body = orjson.dumps(payload)
    own: list[Header] = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": [*own, *headers]})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
