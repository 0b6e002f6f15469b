"""The database's steps."""

from __future__ import annotations
