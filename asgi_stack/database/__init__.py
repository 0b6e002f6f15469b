"""Databases for services: engines that open and close with the server, sessions, models and repositories.

The extra `database` brings SQLAlchemy, `postgres` and `sqlite` bring their drivers with it.
"""

from __future__ import annotations

from importlib.util import find_spec

if find_spec("sqlalchemy") is None or find_spec("greenlet") is None:
    raise ImportError(
        "asgi_stack.database needs SQLAlchemy: pip install 'asgi-stack[postgres]' or 'asgi-stack[sqlite]'"
    )

from asgi_stack.database.base import NAMING_CONVENTION, BaseModel, UtcDateTime, Versioned
from asgi_stack.database.commit_hooks import after_commit
from asgi_stack.database.dependencies import NoDatabaseError, get_async_session, get_db
from asgi_stack.database.errors import app_errors, to_app_error
from asgi_stack.database.ids import generate_uuid7
from asgi_stack.database.queries import Page, Query
from asgi_stack.database.repository import BaseRepository
from asgi_stack.database.request_session import JoinedSession
from asgi_stack.database.session import Database, Transaction
from asgi_stack.settings import DatabaseSettings

__all__ = [
    "NAMING_CONVENTION",
    "BaseModel",
    "BaseRepository",
    "Database",
    "DatabaseSettings",
    "JoinedSession",
    "NoDatabaseError",
    "Page",
    "Query",
    "Transaction",
    "UtcDateTime",
    "Versioned",
    "after_commit",
    "app_errors",
    "generate_uuid7",
    "get_async_session",
    "get_db",
    "to_app_error",
]
