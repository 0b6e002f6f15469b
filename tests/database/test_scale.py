"""What costs the same however many rows there are."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from statistics import median
from time import perf_counter
from uuid import UUID

from sqlalchemy import text

from tests.database.models import ItemRepository
from tests.database.opening import opened

ROWS = 200_000
PAGE = 20
PAGES = ROWS // PAGE
"""10,000 of them."""

MOST_TIMES_DEARER = 4
"""A page at the end reads as many rows as the first one; with OFFSET it would take 100 times as long. The rest is for a
machine that is busy."""

FILL = text(
    "INSERT INTO shelf_items (id, name, stock, version, created_at, updated_at) "
    "SELECT lpad(to_hex(i), 32, '0')::uuid, 'item ' || i, i, 1, now(), now() FROM generate_series(1, :rows) AS i"
)


def cursor_after(number: int) -> str:
    """Give the cursor of the page that begins after a row."""
    return urlsafe_b64encode(UUID(int=number).bytes).rstrip(b"=").decode()


async def test_last_page_costs_what_the_first_one_costs(database_url: str) -> None:
    """Page 10,000 of 200,000 rows on PostgreSQL comes as fast as page 1, by the key's index."""
    async with opened(database_url).lifespan() as database:
        async with database.session() as session:
            await session.execute(FILL, {"rows": ROWS})
            await session.execute(text("ANALYZE shelf_items"))
        times: dict[str | None, list[float]] = {None: [], cursor_after((PAGES - 1) * PAGE): []}
        last: list[int] = []
        async with database.session() as session:
            for _ in range(30):
                for cursor, taken in times.items():
                    start = perf_counter()
                    page = await ItemRepository(session).page(cursor, limit=PAGE)
                    taken.append(perf_counter() - start)
                    last = [item.stock for item in page.items]
                    session.expunge_all()

    first, late = (median(taken) for taken in times.values())
    assert last == list(range(ROWS - PAGE + 1, ROWS + 1))
    assert late < first * MOST_TIMES_DEARER
