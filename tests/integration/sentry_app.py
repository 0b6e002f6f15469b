"""A FastAPI app with Sentry, set up as its documentation says, before the stack came around it."""

from __future__ import annotations

import os

import sentry_sdk
from fastapi import FastAPI

from app.frameworks.failures import conflict, fail
from asgi_stack import wrap
from asgi_stack.frameworks.fastapi import install

sentry_sdk.init(dsn=os.environ.get("SHOP_SENTRY_DSN"), traces_sample_rate=0.0)

api = FastAPI()
adapted = FastAPI()


@api.get("/")
async def index() -> str:
    """Answer."""
    return "hello"


@api.get("/boom")
async def boom() -> None:
    """Fail as a bug does."""
    fail()


@adapted.get("/conflict")
@api.get("/conflict")
async def conflicting() -> None:
    """Fail as the stack's users do."""
    conflict()


@api.get("/flush")
def flush() -> str:
    """Send what is waiting."""
    sentry_sdk.flush()
    return "sent"


install(adapted)
api.mount("/adapted", adapted)
app = wrap(api)
