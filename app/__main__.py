"""Serve the demo: `python -m app`, as the environment says, on port 8000 unless told otherwise."""

from __future__ import annotations

import os
import sys

from asgi_stack.cli import main

if __name__ == "__main__":
    # Before anything reads it. The default is production, since a forgotten variable must not show stack traces.
    os.environ.setdefault("ASGI_STACK_ENVIRONMENT", "development")
    sys.exit(main(["run", "app.main:app", *sys.argv[1:]]))
