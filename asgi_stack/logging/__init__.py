"""Structured logs: structlog and the standard library as one, with the request's ids in every line.

```python
configure_structlog()                 # wrap() does it for you
logger = get_logger(__name__)
logger.info("order_placed", order_id=7)
```
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import structlog

from asgi_stack.logging.configuration import configure_structlog
from asgi_stack.logging.exceptions import log_exception
from asgi_stack.logging.fields import log_context
from asgi_stack.logging.filters import RequestIdFilter
from asgi_stack.logging.sink import flush_logs

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

__all__ = ["RequestIdFilter", "configure_structlog", "flush_logs", "get_logger", "log_context", "log_exception"]


def get_logger(name: str) -> FilteringBoundLogger:
    """Give a structlog logger: `logger.info("event_name", key=value)`.

    Args:
        name: Written as `logger` into each line; `__name__` by custom.

    A value that is a function is called only when its line is written. The logger may be made before
    `configure_structlog` is called.
    """
    return cast("FilteringBoundLogger", structlog.get_logger(name))
