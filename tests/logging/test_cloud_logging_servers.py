"""The schema, from a variable of the environment to what a real server writes."""

from __future__ import annotations

import json
import signal
import urllib.error
import urllib.request

import pytest
import uvicorn

from tests.logging.cloud_format import REPORTED_ERROR, format_errors
from tests.logging.pipes import TIMEOUT_S, program, result
from tests.logging.test_sink_servers import port_of

SERVICE = """
import uvicorn
from asgi_stack import wrap

async def app(scope, receive, send):
    raise RuntimeError("the stock is gone")

uvicorn.run(wrap(app), port=0, log_config=None)
"""


def test_variable_decides_what_uvicorn_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one variable all lines of a service, the server's own ones too, are Cloud Logging's."""
    assert uvicorn.__version__
    monkeypatch.setenv("ASGI_STACK_LOG__SCHEMA", "gcp")
    monkeypatch.setenv("ASGI_STACK_SERVICE__NAME", "shop")

    with program(SERVICE) as process:
        port = port_of(process)
        with pytest.raises(urllib.error.HTTPError) as failed:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/pay?token=CANARY-1", timeout=TIMEOUT_S)
        failed.value.close()
        process.send_signal(signal.SIGTERM)
        out, _ = result(process)

    lines = [json.loads(line) for line in out]
    assert [format_errors(line) for line in lines] == [[]] * len(lines)
    by_message = {line["message"]: line for line in lines}
    error, request = by_message["request_failed"], by_message["request_completed"]
    assert (error["@type"], error["serviceContext"]["service"]) == (REPORTED_ERROR, "shop")
    assert request["httpRequest"]["requestUrl"] == "/pay?token=[REDACTED]"
    assert request["httpRequest"]["status"] == failed.value.code == 500
    assert b"CANARY" not in b"".join(out)
