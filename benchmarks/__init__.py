"""What the stack costs, beside a bare app and what people use today: run as `python -m benchmarks`."""

from __future__ import annotations
