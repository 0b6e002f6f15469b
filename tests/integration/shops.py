"""The five shops of `app.frameworks` for the matrix of frameworks and rows: where each is, and what it lets one see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tests.integration.servers import KINDS, ServerKind


@dataclass(frozen=True)
class Shop:
    """One framework's shop.

    Attributes:
        targets: What to serve for each variant: `bare`, `app`, `adapted`, `paged`.
        has_sockets: Whether the framework serves websockets.
        has_background: Whether it has tasks that run after the response.
        closed_event: The error line of a refusal in the framework's default words: the exception, where it can be
            known, else that there is none.
        handled_lines: Levels of the error lines of an exception that the shop's own handler answered with a 500: it is
            known where the framework sends the answer while it still handles the exception.
        paged_level: The level of the error line where the shop has an error page of its own.
    """

    name: str
    targets: dict[str, str]
    has_sockets: bool = True
    has_background: bool = True
    closed_event: str = "request_failed"
    handled_lines: tuple[str, ...] = ("warning",)
    paged_level: str = "error"


def _targets(module: str) -> dict[str, str]:
    return {variant: f"{module}:{variant}" for variant in ("bare", "app", "adapted", "paged")}


_DJANGO: Final = "app.frameworks.django"

SHOPS: Final = (
    Shop("starlette", _targets("app.frameworks.starlette")),
    Shop("fastapi", _targets("app.frameworks.fastapi")),
    # Litestar does not raise: what it answers while it handles an exception may be meant so.
    Shop("litestar", _targets("app.frameworks.litestar"), paged_level="warning"),
    Shop(
        "quart",
        _targets("app.frameworks.quart"),
        closed_event="unexplained_error_response",
        handled_lines=(),
    ),
    Shop(
        "django",
        {
            "bare": f"{_DJANGO}.main:bare",
            "app": f"{_DJANGO}.main:app",
            "adapted": f"{_DJANGO}.adapted:app",
            "paged": f"{_DJANGO}.paged:app",
        },
        has_sockets=False,
        has_background=False,
        closed_event="unexplained_error_response",
        handled_lines=(),
    ),
)

BY_NAME: Final = {kind.name: kind for kind in KINDS}
UVICORN: Final[ServerKind] = BY_NAME["uvicorn-httptools-uvloop"]
HYPERCORN: Final[ServerKind] = BY_NAME["hypercorn"]
