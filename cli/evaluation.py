"""What `mesh eval` shows of a measurement: figures, where they come from, and what would move them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from cli.screen import table

__all__ = ["evaluation_view"]

_CLASSES, _WORDS, _IDS, _DATABASES = 8, 12, 4, 12  # shown of each; --json has all

Told = Mapping[str, Any]


def evaluation_view(told: Told) -> list[RenderableType]:
    """The report of `datamesh.ask.measure`, for people."""
    return [part for part in _parts(told) if part]


def _parts(told: Told) -> Iterator[RenderableType]:
    yield _figures(told)
    if told["curve"]["sureness"]:
        yield _curve(told["curve"]["sureness"])
    yield _classes("wrong answers", told["wrong"], "kind", _CLASSES)
    yield _classes("refusals", told["refusals"], "reason", _CLASSES)
    yield _classes("words that were not understood", told["unmatched"], "word", _WORDS)
    if told["merged"]:
        yield _merged(told["merged"])
    yield from _lines(told)


def _figures(told: Told) -> Table:
    counts = ("questions", "answered", "correct", "wrong")
    shares = ("coverage", "precision", "accuracy")
    made = table("", *counts, *shares, right=(*counts, *shares))
    rows = {"all": told["figures"], "without flagged": told["without_flagged"]}
    shown = {kind: parts for kind, parts in told["by"].items() if kind != "database" or 1 < len(parts) <= _DATABASES}
    rows |= {f"{kind}: {name}": part for kind, parts in shown.items() for name, part in parts.items()}
    for name, part in rows.items():
        if part:
            made.add_row(name, *(f"{part[c]:,}" for c in counts), *(_percent(part[s]) for s in shares))
    return made


def _curve(points: Sequence[Told]) -> Table:
    numbers = ("at least so sure", "answered", "coverage", "precision")
    made = table(*numbers, right=numbers)
    for point in points[-1::-2][::-1]:
        shares = (_percent(point[share]) for share in ("coverage", "precision"))
        made.add_row(f"{point['at']:.3f}", f"{point['answered']:,}", *shares)
    return made


def _classes(title: str, found: Sequence[Told], label: str, shown: int) -> RenderableType:
    if not found:
        return Text()
    made = table(title, "questions", "such as", right=("questions",))
    for each in found[:shown]:
        made.add_row(each[label], f"{each['count']:,}", Text(", ".join(each["ids"][:_IDS]), style="dim"))
    if len(found) > shown:
        made.caption = f"{len(found) - shown:,} more; --json has all"
    return made


def _merged(told: Told) -> Table:
    made = table("asked of all as one mesh", "questions", "such as", right=("questions",))
    made.add_row("answered alone", f"{told['answered']:,}", "")
    for kind, said in (
        ("changed", "another answer"),
        ("refused", "refused instead"),
        ("added", "answered that were refused"),
    ):
        ids = ", ".join(change["id"] for change in told[kind][:_IDS])
        made.add_row(said, f"{len(told[kind]):,}", Text(ids, style="dim"))
    return made


def _lines(told: Told) -> Iterator[Text]:
    figures, pairs, took = told["figures"], told["paraphrases"], told["planning_ms"]
    if figures["unanswerable"]:
        share = _percent(figures["false_answer_rate"])
        yield Text(f"{figures['false_answers']:,} of {figures['unanswerable']:,} unanswerable were answered: {share}")
    if pairs["pairs"]:
        yield Text(f"{pairs['agree']:,} of {pairs['pairs']:,} pairs of wordings agree: {_percent(pairs['share'])}")
    if took:
        yield Text(
            f"planning took {took['median']:.1f} ms (median), {took['p95']:.1f} (95 %), {took['max']:.1f} (most);"
            f" the vocabulary {told['loading_s']:.2f} s"
        )
    if told["faults"]:
        yield Text(f"faults of mesh: {', '.join(told['faults'])}", style="red")


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"
