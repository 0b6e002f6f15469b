"""The shop's own errors: each class says what clients are told, and what stays in the logs."""

from __future__ import annotations

from collections.abc import Iterable

from asgi_stack.exceptions import AppError, BusinessRuleError, NotFoundError, PayloadTooLargeError, Severity


class ClientGoneError(Exception):
    """The client left before it had sent its whole request; there is nobody to answer."""


class BodyTooLargeError(PayloadTooLargeError):
    """A body is over the limit."""

    def __init__(self, limit_bytes: int) -> None:
        super().__init__("The body is too large", details={"limit_bytes": limit_bytes})


class UnknownPathError(NotFoundError):
    """No route has this path."""

    message = "There is nothing at this path"


class MethodNotAllowedError(AppError):
    """The path exists, the method does not; 405 must carry Allow (RFC 9110 section 15.5.6)."""

    error_code = "METHOD_NOT_ALLOWED"
    status = 405
    severity = Severity.INFO

    def __init__(self, allowed: Iterable[str]) -> None:
        methods = ", ".join(sorted(allowed))
        super().__init__(f"This path answers {methods}", headers={"allow": methods})


class UnknownItemError(NotFoundError):
    """No article has this id."""

    def __init__(self, item_id: str) -> None:
        super().__init__("There is no such item", details={"item_id": item_id})


class OutOfStockError(BusinessRuleError):
    """Somebody wants more pieces than there are; how many they wanted is for the logs alone."""

    def __init__(self, item_id: str, *, available: int, requested: int) -> None:
        super().__init__(
            "There are not enough pieces in stock",
            error_code="OUT_OF_STOCK",
            details={"item_id": item_id, "available": available},
            context={"requested": requested},
        )
