"""Sessions in the five frameworks: a success that was not written is never told, whatever they make of the error."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
import pytest_asyncio

from asgi_stack import Settings, default_pipeline
from asgi_stack.database import Database
from asgi_stack.testing import ASGIClient
from asgi_stack.types import AnyASGIApp
from tests.database.framework_shelves import APPS, django_urls
from tests.database.shelves import checked_out, names_in
from tests.frameworks.django_project import MakeProject, make

__all__ = ["make"]


# Django leaves the file with the request's body to the garbage collector when `send` raises.
pytestmark = pytest.mark.filterwarnings("ignore:Unclosed file <tempfile.SpooledTemporaryFile:ResourceWarning")


@pytest.fixture(params=["django", *APPS])
def app(request: pytest.FixtureRequest) -> Iterator[AnyASGIApp]:
    """Make the app in each framework."""
    if request.param == "django":
        project: MakeProject = request.getfixturevalue("make")
        yield project(adapted=False, urlconf=tuple(django_urls))
        gc.collect()
    else:
        yield APPS[request.param]()


@pytest_asyncio.fixture
async def client(app: AnyASGIApp, database: Database) -> ASGIClient:
    """Stand in front of the app in the whole stack."""
    return ASGIClient(default_pipeline(Settings(), database=database).build(app))


@pytest.mark.parametrize("path", ["/created", "/streamed", "/flushed"])
async def test_second_item_of_a_name_is_a_conflict(client: ASGIClient, database: Database, path: str) -> None:
    """201, then 409 from the commit, in the one shape; nothing of the framework's answer leaves."""
    first, second = [await client.post(path) for _ in range(2)]

    assert (first.status, second.status) == (201, 409)
    assert second.json()["error_code"] == "CONFLICT"
    assert await names_in(database) == ["Lamp"]
    assert checked_out(database) == "0"


@pytest.mark.parametrize(("path", "status"), [("/failing", 500), ("/refused", 403)])
async def test_failures_write_nothing(client: ASGIClient, database: Database, path: str, status: int) -> None:
    """An error and a refusal roll back."""
    response = await client.post(path)

    assert response.status == status
    assert await names_in(database) == []
    assert checked_out(database) == "0"
