"""`docs/cost.md` from figures: the same page whenever it is made of the same ones. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from bench.cost.figures import Figures, Usage
from bench.cost.prices import AS_OF, PRICES, REGION

__all__ = ["page"]

_HEAD = """\
# What it costs

Made by `make cost`, from `docs/cost.json`: do not edit. Counted on the local mesh (its own requests, logs and execution
histories), not estimated: batches of small CSV files, {rows} rows each, from the first put until all is announced,
registered and granted. Prices are list prices of {region} as of {as_of}, without free tiers. Nothing here was billed.
"""

_NOTES = """\
## How it is counted

- **Lambda**: each invocation's billed duration from its REPORT line, times the memory of the template. Durations are of
  a machine with {cores} cores on {measured_on}, the emulator's slowness included; not what a cold start
  takes to import others' libraries, which is done there before a function's process begins (ADR 10).
- **State transitions**: entered states in the history of each execution of `publish_product`, one for its start, and
  for each slice the state within the Map (and the start of its own execution, in a Distributed Map).
- **S3, DynamoDB, Glue, events**: requests as they passed the emulator's door, by operation. A transaction counts two
  write units for each of its items, a request to read one unit, a query one for each 4 KB of what is pending. Items are
  below 1 KB.
- **SQS**: one request to send each message, one to receive and one to delete for each delivery.
- **Not in it**: what a query, storage, traces, or a table's maintenance costs; the sweeper, which runs whether files
  come or not, stands below.
"""


def page(figures: Figures) -> str:
    parts = [_HEAD.format(rows=_rows(figures), region=REGION, as_of=AS_OF), *_totals(figures), *_lines(figures)]
    parts += [*_functions(figures), *_requests(figures), *_rest(figures), *_prices()]
    return "\n".join([*parts, _NOTES.format(cores=figures.cores, measured_on=figures.measured_on)])


def _rows(figures: Figures) -> int:
    return figures.batches[0].rows // figures.batches[0].files


def _heading(batch: Usage) -> str:
    return f"{batch.files:,} file{'s' if batch.files != 1 else ''}"


def _table(*head: str) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|---|{'---:|' * (len(head) - 1)}"


def _totals(figures: Figures) -> Iterator[str]:
    yield from _table("", *map(_heading, figures.batches))
    yield _row("batches", [f"{batch.batches:,}" for batch in figures.batches])
    yield _row("dollars", [f"{batch.total:.6f}" for batch in figures.batches])
    yield _row("dollars for a million files", [f"{batch.total / batch.files * 1e6:,.2f}" for batch in figures.batches])
    yield ""


def _lines(figures: Figures) -> Iterator[str]:
    yield "## By service\n"
    head = [title for batch in figures.batches for title in (_heading(batch), "dollars")]
    yield from _table("", "unit", *head)
    for name, price in PRICES.items():
        cells = [
            text
            for batch in figures.batches
            for text in (_amount(batch.amounts.get(name, 0.0)), f"{batch.dollars()[name]:.6f}")
        ]
        yield _row(price.what, [price.unit, *cells])
    yield ""


def _functions(figures: Figures) -> Iterator[str]:
    yield "## By function\n"
    head = [title for batch in figures.batches for title in (f"{_heading(batch)}: invocations", "GB-seconds")]
    yield from _table("", *head)
    for name in sorted({name for batch in figures.batches for name in batch.functions}):
        cells = [
            text
            for batch in figures.batches
            for calls, spent in (batch.functions.get(name, (0, 0.0)),)
            for text in (f"{calls:,}", f"{spent:,.2f}")
        ]
        yield _row(f"`{name}`", cells)
    yield ""


def _requests(figures: Figures) -> Iterator[str]:
    yield "## Requests\n"
    yield from _table("", *map(_heading, figures.batches))
    for name in sorted({name for batch in figures.batches for name in batch.requests}):
        yield _row(f"`{name}`", [f"{batch.requests.get(name, 0):,}" for batch in figures.batches])
    yield ""


def _rest(figures: Figures) -> Iterator[str]:
    yield "## A domain in which nothing happens, for a month\n"
    yield from _table("", "unit", "amount", "dollars")
    for name, amount in figures.at_rest.items():
        yield _row(PRICES[name].what, [PRICES[name].unit, _amount(amount), f"{PRICES[name].of(amount):.2f}"])
    total = sum(PRICES[name].of(amount) for name, amount in figures.at_rest.items())
    yield _row("all", ["", "", f"{total:.2f}"])
    yield ""


def _prices() -> Iterator[str]:
    yield f"## Prices ({REGION}, {AS_OF})\n"
    yield from _table("", "unit", "dollars", "for", "pricing page")
    for price in PRICES.values():
        yield _row(
            price.what, [price.unit, f"{price.dollars:.10f}".rstrip("0").rstrip("."), f"{price.per:,}", price.page]
        )
    yield ""


def _row(title: str, cells: list[str]) -> str:
    return f"| {title} | {' | '.join(cells)} |"


def _amount(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.4f}"
