"""The shop once more in each of five frameworks, so that they can be compared line by line."""

from __future__ import annotations
