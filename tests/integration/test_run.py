"""`asgi-stack run` and `python -m app` on real ports: whatever the application is, it is served inside a stack."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import pytest

from tests.integration.servers import Server, ServerKind, launched, serving

ANSWER = """
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"hello"})
"""
BARE = f"async def app(scope, receive, send):\n    assert scope['type'] == 'http'{ANSWER}"

Run = Callable[..., AbstractContextManager[Server]]


def command(folder: Path, *flags: str) -> ServerKind:
    """Describe `asgi-stack run` for modules in a folder."""
    return ServerKind("run", ("asgi_stack", "run", "{target}", "--app-dir", str(folder), "--port", "0", *flags))


def get(server: Server, path: str = "/", client: httpx.Client | None = None) -> httpx.Response:
    """Ask a server for a path."""
    return (client or httpx).get(f"http://127.0.0.1:{server.port}{path}")


def is_in_the_stack(server: Server, response: httpx.Response) -> None:
    """See that a response has ids and security headers once, its one request line, and no server's name."""
    correlation_id = response.headers.get_list("x-correlation-id")
    assert len(correlation_id) == 1
    assert response.headers.get_list("x-content-type-options") == ["nosniff"]
    assert "server" not in response.headers
    server.wait_until(lambda: server.find(event="request_completed", correlation_id=correlation_id[0]))
    assert len(server.find(event="request_completed", correlation_id=correlation_id[0])) == 1


@pytest.mark.parametrize(
    ("source", "flags"),
    [
        pytest.param(BARE, (), id="app that knows no lifespan"),
        pytest.param(
            f"class App:\n  def __init__(self, scope):\n    assert scope['type'] == 'http'\n"
            f"  async def __call__(self, receive, send):{ANSWER}\napp = App",
            (),
            id="ASGI 2",
        ),
        pytest.param(
            f"async def inner(scope, receive, send):{ANSWER}\n"
            "def app(scope, receive, send):\n    return inner(scope, receive, send)",
            (),
            id="plain function",
        ),
        pytest.param(f"from asgi_stack import wrap\n{BARE}\napp = wrap(app)", (), id="wrapped app"),
        pytest.param(f"{BARE}\ninner = app\ndef app():\n    return inner", ("--factory",), id="factory"),
    ],
)
def test_every_application_is_served(tmp_path: Path, source: str, flags: tuple[str, ...]) -> None:
    """Applications of every form come out of the command in one stack, and all lines are JSON."""
    (tmp_path / "web.py").write_text(source)

    with serving(command(tmp_path, *flags), "web:app") as server:
        response = get(server)

        assert (response.status_code, response.text) == (200, "hello")
        is_in_the_stack(server, response)
    assert server.stray == []
    assert server.find(level="error") == []


def test_own_pipeline_is_served_as_it_is(tmp_path: Path) -> None:
    """A pipeline of one's own is not changed, and the server's lines are formatted all the same."""
    (tmp_path / "web.py").write_text(
        f"from asgi_stack import Pipeline, RequestContextMiddleware\n{BARE}\n"
        "app = Pipeline().use(RequestContextMiddleware).build(app)\n"
    )

    with serving(command(tmp_path), "web:app") as server:
        response = get(server)

    assert "x-correlation-id" in response.headers
    assert "x-content-type-options" not in response.headers
    assert server.stray == []
    assert server.find(logger="uvicorn.error")
    # Without a request line of ours, the server's own access line is the one that tells of the request.
    assert len(server.find(logger="uvicorn.access")) == 1


def test_own_logging_of_an_own_pipeline_is_left_alone(tmp_path: Path) -> None:
    """An application that has configured structlog by itself keeps its configuration."""
    (tmp_path / "web.py").write_text(
        "import logging, sys, structlog\n"
        "logging.basicConfig(format='mine %(message)s', level='INFO', stream=sys.stderr)\nstructlog.configure()\n"
        f"from asgi_stack import Pipeline, RequestContextMiddleware\n{BARE}\n"
        "app = Pipeline().use(RequestContextMiddleware).build(app)\n"
    )

    with serving(command(tmp_path), "web:app") as server:
        assert get(server).status_code == 200

    assert server.lines == []
    assert all(text.startswith("mine ") for text in server.stray)


OWN_LOG = "import structlog\nstructlog.configure(processors=[structlog.processors.KeyValueRenderer()])\n"
OUR_LOG = (
    "from asgi_stack import configure_structlog\nfrom asgi_stack.settings import LogSettings\n"
    "configure_structlog(LogSettings(timestamp_format='%Y'), server_access_log=False)\n"
)


def test_structlog_of_a_bare_app_is_left_alone(tmp_path: Path) -> None:
    """The stack's lines go through the processors of an app that has some; the server's lines are the server's then."""
    (tmp_path / "web.py").write_text(OWN_LOG + BARE)

    with launched(command(tmp_path), "web:app") as server:
        server.wait_until(lambda: server.port or server.returncode is not None)
        assert get(server).status_code == 200
        server.wait_until(lambda: any("request_completed" in text for text in server.output))

    assert any(text.startswith("INFO:") and "running on" in text for text in server.stray)
    (own,) = [text for text in server.output if "request_completed" in text]
    assert "status_code=200" in own


def test_configuration_of_a_bare_app_by_our_function_is_left_alone(tmp_path: Path) -> None:
    """An app that called `configure_structlog` with options of its own keeps them."""
    (tmp_path / "web.py").write_text(OUR_LOG + BARE)

    with serving(command(tmp_path), "web:app") as server:
        is_in_the_stack(server, get(server))

    assert {len(str(line["timestamp"])) for line in server.lines} == {len("2026")}
    assert server.find(logger="uvicorn.access") == []
    assert server.stray == []


def test_requests_of_one_connection_share_no_context(tmp_path: Path) -> None:
    """What a request leaves in a ContextVar is gone when the next one comes on the same connection."""
    (tmp_path / "web.py").write_text(
        "from contextvars import ContextVar\nmark = ContextVar('mark', default='unset')\n"
        "async def app(scope, receive, send):\n    seen = mark.get()\n    mark.set('left behind')\n"
        "    await send({'type': 'http.response.start', 'status': 200, 'headers': [(b'x-seen', seen.encode())]})\n"
        "    await send({'type': 'http.response.body', 'body': b''})\n"
    )

    with serving(command(tmp_path), "web:app") as server, httpx.Client() as client:
        assert [get(server, client=client).headers["x-seen"] for _ in range(3)] == ["unset"] * 3


def test_several_workers_serve(tmp_path: Path) -> None:
    """Each worker loads the target for itself, and all end with the command."""
    (tmp_path / "web.py").write_text(
        "import os\nasync def app(scope, receive, send):\n    headers = [(b'x-worker', str(os.getpid()).encode())]\n"
        "    await send({'type': 'http.response.start', 'status': 200, 'headers': headers})\n"
        "    await send({'type': 'http.response.body', 'body': b''})\n"
        "def make():\n    return app\n"
    )
    kind = command(tmp_path, "--workers", "2", "--factory")

    with launched(kind, "web:make", ASGI_STACK_SERVICE__NAME="shop") as server:
        server.wait_until_serving()
        workers: set[str] = set()
        server.wait_until(lambda: len(server.find(event="Application startup complete.")) == 2)
        for _ in range(200):
            response = get(server)
            workers.add(response.headers["x-worker"])
            is_in_the_stack(server, response)
            if len(workers) == 2:
                break
        assert len(workers) == 2
        assert server.stop() == 0
    assert server.stray == []


@pytest.mark.parametrize("workers", ["1", "2"])
def test_failing_startup_stops_the_server(tmp_path: Path, workers: str) -> None:
    """A server whose application cannot start does not stay up, with one worker or more; the log says why."""
    (tmp_path / "web.py").write_text(
        "async def app(scope, receive, send):\n    await receive()\n    raise OSError('no database')\n"
    )

    with launched(command(tmp_path, "--workers", workers), "web:app") as server:
        assert server.wait() == 3
    assert any("no database" in str(line) for line in server.lines)


def test_address_in_use_is_one_line(tmp_path: Path) -> None:
    """An address that is taken is named, before anything starts."""
    (tmp_path / "web.py").write_text(BARE)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        kind = ServerKind("run", ("asgi_stack", "run", "{target}", "--app-dir", str(tmp_path)))
        with launched(kind, "web:app", ASGI_STACK_SERVER__PORT=str(port)) as server:
            code = server.wait()

    assert code == 1
    assert server.stray == [f"asgi-stack: cannot listen on 127.0.0.1:{port}: {os.strerror(98)}"]
    assert server.lines == []


def test_flag_wins_over_its_variable(tmp_path: Path) -> None:
    """`--host` and `--port` replace what the environment says."""
    (tmp_path / "web.py").write_text(BARE)

    environment = {"ASGI_STACK_SERVER__HOST": "192.0.2.1", "ASGI_STACK_SERVER__PORT": "1"}
    with serving(command(tmp_path, "--host", "127.0.0.1"), "web:app", **environment) as server:
        assert get(server).status_code == 200


class TestDemo:
    """`python -m app`."""

    KIND = ServerKind("demo", ("app",))

    @pytest.mark.parametrize(("environment", "shown"), [({}, True), ({"ASGI_STACK_ENVIRONMENT": "production"}, False)])
    def test_environment_is_development_unless_told(self, environment: dict[str, str], shown: bool) -> None:
        """Whoever tries the demo sees stack traces; whoever sets the variable gets what it says."""
        with serving(
            self.KIND, "app", ASGI_STACK_SERVER__PORT="0", ASGI_STACK_LOG__FORMAT="json", **environment
        ) as demo:
            response = get(demo, "/boom")

            is_in_the_stack(demo, response)
        assert response.status_code == 500
        assert ("on purpose" in response.text) is shown

    def test_wrong_variable_is_one_line(self) -> None:
        """The demo refuses wrong settings as the command does."""
        with launched(self.KIND, "app", ASGI_STACK_LOG__LEVEL="LOUD") as demo:
            assert demo.wait() == 2
        assert len(demo.stray) == 1
        assert demo.stray[0].startswith("asgi-stack: ASGI_STACK_LOG__LEVEL should be")
