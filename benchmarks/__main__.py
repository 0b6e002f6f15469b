"""Measure everything, print the tables, and write them into docs/performance.md.

A run that is quick or of some parts only prints; name a page with --page to have it written nonetheless.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.report import render_page, render_text
from benchmarks.report_measure import PARTS, measure_all
from benchmarks.report_results import load_results, save_results

__all__ = ["main"]

_PAGE: Final = Path(__file__).parents[1] / "docs" / "performance.md"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, or load what was measured; print, and write what was asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--only", action="append", choices=PARTS, help="measure this part; may be given several times")
    what.add_argument(
        "--from", type=Path, metavar="FILE", dest="source", help="measure nothing, take what --json wrote"
    )
    parser.add_argument("--quick", action="store_true", help="make do with figures that are only roughly right")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to a file")
    parser.add_argument("--page", type=Path, metavar="FILE", help="the page to write the tables into")
    options = parser.parse_args(arguments)
    results = (
        load_results(options.source) if options.source else measure_all(options.only or PARTS, is_quick=options.quick)
    )
    sys.stdout.write(render_text(results))
    if options.json:
        save_results(results, options.json)
    page = options.page or (None if options.only or results.is_quick else _PAGE)
    if page:
        page.write_text(render_page(page.read_text(encoding="utf-8"), results), encoding="utf-8")


if __name__ == "__main__":
    main()
