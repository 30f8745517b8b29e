"""What a command says: its result on stdout, for people or as JSON; how far it is on stderr."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

__all__ = ["Screen", "Step", "table"]

_UNBOUND = 160  # columns of what is no terminal: a file or a pipe


class Step:
    """A piece of work that takes a while. It ends well unless it says otherwise."""

    def __init__(self, progress: Progress, task: TaskID, text: str) -> None:
        self._progress, self._task = progress, task
        self.text = text
        self.well = True

    def advance(self, amount: float) -> None:
        self._progress.update(self._task, advance=amount)

    def close(self) -> None:
        self._progress.remove_task(self._task)

    def say(self, text: str, *, well: bool = True) -> None:
        """Changes what the step is called; the last text stays on the screen."""
        self.text, self.well = text, well
        self._progress.update(self._task, description=text)


class Screen:
    """The terminal of one command. With `as_json`, stdout holds one JSON document and nothing else."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        # What is shown is data: brackets in it are no markup, and colons no emoji.
        self._out = Console(highlight=False, markup=False, emoji=False)
        if not self._out.is_terminal:
            self._out.width = _UNBOUND
        self._err = Console(stderr=True, highlight=False, markup=False, emoji=False)
        self._progress: Progress | None = None
        self._running = 0
        self._lock = threading.RLock()

    def result(self, value: Any, *renderables: RenderableType) -> None:
        """Prints `value` under --json, else `renderables`."""
        if self.as_json:
            self._out.out(json.dumps(value, default=_json), highlight=False)
        elif renderables:
            self._out.print(*renderables, sep="\n")

    def show(self, *renderables: RenderableType) -> None:
        """Prints for people only."""
        if not self.as_json:
            self._out.print(*renderables, sep="\n")

    def note(self, text: str) -> None:
        """Says something beside the result, on stderr."""
        self._err.print(Text(text, style="dim"))

    def fail(self, message: str, hint: str = "", **more: Any) -> None:
        """Says in one line why the command failed: on stderr, or as the JSON document."""
        if self.as_json:
            self._out.out(json.dumps({"error": message, "hint": hint} | more, default=_json), highlight=False)
        else:
            hinted = Text(f" ({hint})", style="dim") if hint else Text()
            self._err.print(
                Text("error: ", style="bold red") + Text(" ".join(message.split())) + hinted, soft_wrap=True
            )

    @contextmanager
    def step(self, text: str, total: float | None = None) -> Iterator[Step]:
        """Shows `text` with a bar (or a spinner without `total`) while its block runs, and one line for it after."""
        began = time.monotonic()
        progress, task = self._begin(text, total)
        step = Step(progress, task, text)
        try:
            yield step
        except BaseException:
            step.well = False
            raise
        finally:
            self._end(step, time.monotonic() - began)

    def _begin(self, text: str, total: float | None) -> tuple[Progress, TaskID]:
        with self._lock:
            if self._progress is None:
                self._progress = Progress(
                    SpinnerColumn(),
                    TextColumn("{task.description}", markup=False),
                    BarColumn(bar_width=24),
                    TimeElapsedColumn(),
                    console=self._err,
                    transient=True,
                    disable=not self._err.is_terminal,
                )
                self._progress.start()
            self._running += 1
            return self._progress, self._progress.add_task(text, total=total)

    def _end(self, step: Step, seconds: float) -> None:
        with self._lock:
            step.close()
            self._running -= 1
            if self._progress is not None and not self._running:
                self._progress.stop()
                self._progress = None
            mark = Text("✓ ", style="green") if step.well else Text("✗ ", style="red")
            self._err.print(mark + Text(step.text) + Text(f"  {seconds:.1f} s", style="dim"), soft_wrap=True)


def table(*columns: str, title: str | None = None, right: tuple[str, ...] = ()) -> Table:
    """A plain table; the columns named in `right` hold numbers."""
    made = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        number = column in right
        made.add_column(column, justify="right" if number else "left", overflow="fold", no_wrap=number)
    return made


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    return str(value)
