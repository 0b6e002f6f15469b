"""The probes: alive and ready, checks that fail, hang and recover, and what they cost what they check."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from asgi_stack import (
    HealthMiddleware,
    Pipeline,
    RequestContextMiddleware,
    RequestLoggingMiddleware,
    SecurityHeadersMiddleware,
    wrap,
)
from asgi_stack.health_checks import HealthChecks
from asgi_stack.testing import ASGIClient, drive
from asgi_stack.types import AnyASGIApp, ASGIApp, Receive, Scope, Send
from tests.bare_apps import respond, sending
from tests.linted import linted
from tests.log_capture import LogLines


class Check:
    """A check that does as it is told, and counts."""

    def __init__(self, error: BaseException | None = None, *, takes_s: float = 0.0) -> None:
        self.error = error
        self.takes_s = takes_s
        self.runs = 0

    async def __call__(self) -> object:
        """Be asked."""
        self.runs += 1
        await asyncio.sleep(self.takes_s)
        if self.error is not None:
            raise self.error
        return None


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    """Be the app."""
    await respond(send, b"hello")


def healthy(app: AnyASGIApp = hello, **checks: Callable[[], Awaitable[object]]) -> AnyASGIApp:
    """Put the layer around an app, without a cache."""
    return linted(HealthMiddleware(app, checks=checks, cache_s=0, timeout_s=0.1))


class TestAnswers:
    """What the probes read."""

    async def test_live_looks_at_nothing(self) -> None:
        """The process answers, so it is alive, whatever its database does."""
        check = Check(OSError("down"))
        response = await ASGIClient(healthy(database=check)).get("/health/live")

        assert (response.status, response.json()) == (200, {"status": "ok"})
        assert response.header("cache-control") == "no-store"
        assert check.runs == 0

    async def test_ready_names_its_checks(self) -> None:
        """All are well, and each says how long it took."""
        response = await ASGIClient(healthy(database=Check(), queue=Check(takes_s=0.01))).get("/health/ready")

        content = response.json()
        assert (response.status, content["status"]) == (200, "ok")
        assert {name: check["status"] for name, check in content["checks"].items()} == {"database": "ok", "queue": "ok"}
        assert 10 <= content["checks"]["queue"]["duration_ms"] < 1000

    @pytest.mark.parametrize(
        ("check", "status"),
        [
            (Check(OSError("hunter2")), "failed"),
            (Check(takes_s=5), "timeout"),
            (Check(asyncio.CancelledError()), "failed"),
        ],
        ids=["raises", "hangs", "is cancelled"],
    )
    async def test_one_failing_check_is_a_503(self, check: Check, status: str) -> None:
        """The others are still told of, and nothing of the error is."""
        response = await ASGIClient(healthy(database=check, queue=Check())).get("/health/ready")

        content = response.json()
        assert (response.status, content["status"]) == (503, "unavailable")
        assert [content["checks"][name]["status"] for name in ("database", "queue")] == [status, "ok"]
        assert response.header("retry-after") == "1"
        assert "hunter2" not in response.text

    async def test_false_is_a_failure(self) -> None:
        """A check may say no without an exception."""

        async def refuse() -> bool:
            return False

        assert (await ASGIClient(healthy(queue=refuse)).get("/health/ready")).status == 503

    @pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
    async def test_head_has_no_body(self, path: str) -> None:
        """The headers are those of GET."""
        client = ASGIClient(healthy())
        head, get = await client.head(path), await client.get(path)

        assert (head.status, head.body) == (200, b"")
        assert head.header("content-length") == str(len(get.body))

    async def test_other_methods_are_refused(self) -> None:
        """405 says which there are."""
        response = await ASGIClient(healthy()).post("/health/live")

        assert (response.status, response.header("allow")) == (405, "GET, HEAD")

    @pytest.mark.parametrize(
        ("path", "root_path", "is_ours"),
        [
            ("/", "", False),
            ("/health", "", False),
            ("/health/live/", "", False),
            ("/shop/health/live", "/shop", True),
            ("/shop/health/live", "", False),
        ],
    )
    async def test_other_paths_are_the_apps(self, path: str, root_path: str, is_ours: bool) -> None:
        """Only the two paths are taken, below the mount point where there is one."""
        response = await ASGIClient(healthy()).get(path, scope={"root_path": root_path})

        assert (response.body == b"hello") is not is_ours

    async def test_app_is_called_as_it_was(self) -> None:
        """Other scopes pass, and what the app returns is returned."""

        async def app(scope: Scope, receive: Receive, send: Send) -> str:
            return str(scope["type"])

        outcomes = [await drive(HealthMiddleware(app), {"type": kind}) for kind in ("lifespan", "websocket", "other")]

        assert [outcome.returned for outcome in outcomes] == ["lifespan", "websocket", "other"]


class TestCost:
    """What probes cost what they look at."""

    async def test_probes_share_a_run(self) -> None:
        """A hundred at once ask once, and one that leaves takes nothing from the others."""
        check = Check(takes_s=0.05)
        client = ASGIClient(healthy(database=check))
        probes = [asyncio.create_task(client.get("/health/ready")) for _ in range(100)]
        await asyncio.sleep(0.02)
        probes[0].cancel()
        responses = await asyncio.gather(*probes[1:])

        assert {response.status for response in responses} == {200}
        assert check.runs == 1

    async def test_result_holds_for_a_while(self) -> None:
        """Until it is too old."""
        check = Check()
        checks = HealthChecks({"database": check}, timeout_s=1, cache_s=0.1)
        for _ in range(10):
            await checks.results()
        runs_before = check.runs
        await asyncio.sleep(0.12)
        await checks.results()

        assert (runs_before, check.runs) == (1, 2)

    async def test_check_that_will_not_end_is_started_once(self) -> None:
        """It stays a timeout until it has ended, and then it is asked again."""
        end = asyncio.Event()
        starts: list[int] = []

        async def stubborn() -> None:
            starts.append(1)
            while not end.is_set():
                try:
                    await end.wait()
                except asyncio.CancelledError:
                    continue

        checks = HealthChecks({"database": stubborn}, timeout_s=0.02, cache_s=0)
        statuses = [(await checks.results())["database"].status for _ in range(3)]
        end.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)

        assert (statuses, len(starts)) == (["timeout"] * 3, 1)
        assert (await checks.results())["database"].status == "ok"

    def test_each_event_loop_asks_for_itself(self) -> None:
        """A run that died with its loop holds nobody up."""
        check = Check(takes_s=0.03)
        checks = HealthChecks({"database": check}, timeout_s=1, cache_s=0)

        async def give_up() -> None:
            probe = asyncio.create_task(checks.results())
            await asyncio.sleep(0.01)
            probe.cancel()

        asyncio.run(give_up())

        assert asyncio.run(checks.results())["database"].status == "ok"


class TestLog:
    """What the log says of probes."""

    async def test_a_change_is_a_line(self, log_lines: LogLines) -> None:
        """One WARNING when it begins, one INFO when it is over, however many probes there are."""
        check = Check(OSError("postgresql://user:hunter2@host/db is down"))
        client = ASGIClient(healthy(database=check))
        for _ in range(3):
            await client.get("/health/ready")
        check.error = None
        for _ in range(3):
            await client.get("/health/ready")

        (failed,), (recovered,) = log_lines("health_check_failed"), log_lines("health_check_recovered")
        assert (failed["level"], failed["check"], failed["exception_type"]) == ("warning", "database", "OSError")
        assert (recovered["level"], recovered["check"]) == ("info", "database")
        assert "hunter2" not in log_lines.stream.getvalue().decode()

    async def test_probes_have_ids_and_headers_and_no_request_line(self, log_lines: LogLines) -> None:
        """In a pipeline they stand inside the ids and outside the request line."""
        app = (
            Pipeline()
            .use(SecurityHeadersMiddleware)
            .use(RequestContextMiddleware)
            .use(HealthMiddleware, checks={"queue": Check()})
            .use(RequestLoggingMiddleware)
            .build(hello)
        )
        response = await ASGIClient(app).get("/health/ready", headers={"x-correlation-id": "probe"})

        assert response.header("x-correlation-id") == "probe"
        assert response.header("x-content-type-options") == "nosniff"
        assert log_lines("request_completed") == []

    async def test_wrap_has_them(self) -> None:
        """With checks of the user's own."""
        app: ASGIApp = wrap(hello, health_checks={"queue": Check(OSError())}, configure_logging=False)
        client = ASGIClient(app)

        assert (await client.get("/health/live")).status == 200
        assert (await client.get("/health/ready")).status == 503


class TestOptions:
    """What is wrong is said when the layer is made."""

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"checks": {"queue": print}}, "the check queue must be a coroutine function"),
            ({"checks": {"": Check()}}, "checks: '' is no name"),
            ({"checks": [Check()]}, "checks must map names"),
            ({"live_path": "live"}, "live_path must be a path"),
            ({"live_path": "/x", "ready_path": "/x"}, "must differ"),
            ({"timeout_s": 0}, "timeout_s"),
            ({"cache_s": -1}, "cache_s"),
        ],
        ids=["plain function", "no name", "no mapping", "no path", "same path", "timeout", "cache"],
    )
    def test_wrong_option_is_named(self, options: dict[str, object], message: str) -> None:
        """The error names it."""
        with pytest.raises((TypeError, ValueError), match=message):
            HealthMiddleware(sending(), **options)  # type: ignore[arg-type]
