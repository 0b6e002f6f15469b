"""The command line as `python -m asgi_stack`."""

from __future__ import annotations

import sys

from asgi_stack.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    sys.exit(main())
