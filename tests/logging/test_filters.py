"""The request's ids in lines of the standard library's own formatters."""

from __future__ import annotations

import io
import logging
import logging.config

from asgi_stack import RequestContext
from asgi_stack.logging import RequestIdFilter
from tests.logging.memory import configured, lines


class TestRequestIdFilter:
    """A handler of one's own with a formatter of one's own."""

    def test_formatter_of_ones_own_has_the_ids(self) -> None:
        """Inside a request the ids are there; outside both are a dash."""
        written = io.StringIO()
        handler = logging.StreamHandler(written)
        handler.setFormatter(logging.Formatter("%(correlation_id)s %(request_id)s %(message)s"))
        handler.addFilter(RequestIdFilter())
        logger = logging.getLogger("shop")
        logger.addHandler(handler)

        try:
            logger.warning("outside")
            with RequestContext.scope("job-1") as record:
                logger.warning("inside")
        finally:
            logger.removeHandler(handler)

        assert written.getvalue().splitlines() == ["- - outside", f"job-1 {record.request_id} inside"]

    def test_it_can_be_named_in_a_configuration(self) -> None:
        """`dictConfig` makes it by its name."""
        written = io.StringIO()
        logging.config.dictConfig(
            {
                "version": 1,
                "disable_existing_loggers": False,
                "filters": {"ids": {"()": "asgi_stack.logging.RequestIdFilter"}},
                "formatters": {"plain": {"format": "[%(correlation_id)s] %(message)s"}},
                "handlers": {
                    "memory": {
                        "class": "logging.StreamHandler",
                        "stream": written,
                        "filters": ["ids"],
                        "formatter": "plain",
                    }
                },
                "root": {"handlers": ["memory"], "level": "INFO"},
            }
        )

        with RequestContext.scope("job-1"):
            logging.getLogger("shop").info("x")

        assert written.getvalue() == "[job-1] x\n"

    def test_our_own_lines_have_the_ids_once(self) -> None:
        """A record that both handlers see has its ids in our line once, and no dash outside a request."""
        stream = configured()
        theirs = logging.StreamHandler(io.StringIO())
        theirs.addFilter(RequestIdFilter())
        root = logging.getLogger()
        root.handlers.insert(0, theirs)

        logging.getLogger("shop").warning("outside")
        with RequestContext.scope("job-1"):
            logging.getLogger("shop").warning("inside")

        outside, inside = lines(stream)
        assert [key for key in outside if "_id" in key] == []
        assert [key for key in inside if "_id" in key] == ["correlation_id", "request_id"]
