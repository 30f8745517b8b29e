"""`make cost`: counts on the local mesh, writes docs/cost.json and docs/cost.md.

python -m bench.cost [--home build/bench-mesh] [--files 1 1000] [--page-only]
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from bench.burst import begin
from bench.cost.figures import Figures
from bench.cost.measure import at_rest, measured
from bench.cost.page import page
from cli.screen import Screen

JSON, PAGE = Path("docs/cost.json"), Path("docs/cost.md")


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--home", type=Path, default=Path("build/bench-mesh"))
    options.add_argument("--files", type=int, nargs="+", default=[1, 1_000])
    options.add_argument("--page-only", action="store_true", help="Make the page anew, of the figures that are there.")
    given = options.parse_args()
    if not given.page_only:
        JSON.write_text(_figures(given.home.resolve(), given.files).model_dump_json(indent=2) + "\n", encoding="utf-8")
    PAGE.write_text(page(Figures.model_validate_json(JSON.read_bytes())), encoding="utf-8")
    return 0


def _figures(home: Path, files: list[int]) -> Figures:
    screen = Screen()
    where = begin(home, screen)
    return Figures(
        measured_on=f"{datetime.now(UTC):%d %B %Y}",
        cores=os.cpu_count() or 0,
        batches=tuple(measured(where, screen, number) for number in files),
        at_rest=at_rest(where),
    )


if __name__ == "__main__":
    sys.exit(main())
