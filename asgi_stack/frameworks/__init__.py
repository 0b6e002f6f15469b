"""What the known frameworks look like from outside, as data; nothing here imports one."""

from __future__ import annotations
