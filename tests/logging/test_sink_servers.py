"""A server whose standard output nobody reads, and what becomes of its last lines."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import time

import uvicorn

from asgi_stack.logging.sink import FLUSH_S
from tests.logging.pipes import TIMEOUT_S, program, result

SERVICE = """
import uvicorn
from asgi_stack import get_logger, wrap

async def app(scope, receive, send):
    if scope["type"] == "http":
        for number in range(30):
            get_logger("app").info("work", number=number, text="x" * 10_000)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

uvicorn.run(wrap(app), port=0, log_config=None)
"""
"""Each request writes 300 kB, several times what a pipe holds. The app knows no lifespan."""


class TestUvicorn:
    """SIGTERM, after which uvicorn ends by the signal itself: nothing runs at exit."""

    def test_requests_are_answered_and_all_lines_come_out_in_the_end(self) -> None:
        """Nobody reads, yet requests are quick; a reader that returns after SIGTERM finds all lines, up to the last."""
        with program(SERVICE) as process:
            port = port_of(process)
            slowest_s = max([seconds_of_request(port) for _ in range(10)])
            process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            out, err = result(process)

        events = [json.loads(line)["event"] for line in out]
        assert slowest_s <= 0.1
        assert events.count("work") == 300
        assert events.count("request_completed") == 10
        assert re.match("Finished server process", events[-1])
        assert process.returncode == -signal.SIGTERM
        assert err == b""

    def test_server_ends_though_nobody_reads(self) -> None:
        """With the reader gone for good, SIGTERM takes 2 s longer, and standard error says what is missing."""
        with program(SERVICE) as process:
            seconds_of_request(port_of(process))
            process.send_signal(signal.SIGTERM)
            start = time.monotonic()
            code = process.wait(TIMEOUT_S)
            took_s = time.monotonic() - start
            assert process.stderr is not None
            err = process.stderr.read()

        assert code == -signal.SIGTERM
        assert FLUSH_S - 0.5 < took_s < FLUSH_S + 2
        assert b"log line(s) not written yet" in err


def port_of(process: subprocess.Popen[bytes]) -> int:
    """Read standard output until uvicorn says where it listens, and no further."""
    assert uvicorn.__version__
    assert process.stdout is not None
    output = b""
    while not (found := re.search(rb"running on http://127\.0\.0\.1:(\d+) .*\n", output)):
        chunk = os.read(process.stdout.fileno(), 1)
        assert chunk, output
        output += chunk
    return int(found[1])


def seconds_of_request(port: int) -> float:
    """Make one request, and give the time it took."""
    start = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    connection.request("GET", "/")
    assert connection.getresponse().status == 204
    connection.close()
    return time.monotonic() - start
