"""Runs a guarded statement with DuckDB over Iceberg scans: open, estimate, read in parallel, compute."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

import pyarrow as pa
from sqlglot import exp

from datamesh.ask.guard import MASK_KEY, Guarded, Predicate, Scope, raw_columns, secured
from datamesh.ask.rows import json_rows
from datamesh.ask.stop import Stop, Stopped
from datamesh.engine.dialect import duckdb_name, render
from datamesh.engine.query import Interrupted, query
from datamesh.errors import StatementRejected
from datamesh.registry.knowledge import ProductKnowledge

__all__ = ["Estimate", "Limits", "OpenTable", "Ran", "Run", "Snapshot", "Tables", "duck_run"]

V = TypeVar("V")

_PARALLEL = 8
_RESULT_BYTES = 64_000_000  # text can grow in a statement beyond anything that was read


@dataclass(frozen=True)
class Snapshot:
    """What a table held when it was opened; `id` None when nothing was published yet."""

    id: int | None
    committed_at: datetime | None


@dataclass(frozen=True)
class Estimate:
    """What a scan is about to bring into memory."""

    rows: int
    bytes: int


@dataclass(frozen=True)
class Limits:
    """`scan_bytes` bounds what all scans of a statement bring into memory; DuckDB gets `memory_mb` beside it."""

    scan_bytes: int
    memory_mb: int
    threads: int


class OpenTable(Protocol):
    """A product's table at one snapshot. Any number of threads may use it."""

    @property
    def snapshot(self) -> Snapshot: ...

    def estimate(self, columns: Sequence[str], predicates: Sequence[Predicate]) -> Estimate: ...

    def read(self, columns: Sequence[str], predicates: Sequence[Predicate]) -> pa.Table: ...


class Tables(Protocol):
    def open(self, product: ProductKnowledge) -> OpenTable: ...


@dataclass(frozen=True)
class Ran:
    """What came of a statement: JSON rows, the snapshot of each product it read, milliseconds of each step.

    `beside`: the rows of the statement that ran beside it; None where there was none, or none that could be computed.
    """

    rows: list[list[Any]]
    snapshots: Mapping[str, Snapshot] = field(default_factory=dict)
    timings_ms: Mapping[str, int] = field(default_factory=dict)
    beside: list[list[Any]] | None = None


class Run(Protocol):
    """Runs a statement, and `beside` over the same rows of the same products, if that is given."""

    def __call__(
        self, guarded: Guarded, products: Mapping[str, ProductKnowledge], stop: Stop, beside: Guarded | None = None
    ) -> Ran: ...


def duck_run(tables: Tables, limits: Limits, mask_key: Callable[[], str]) -> Run:
    """Runs statements; raises Stopped, and StatementRejected: scan-size, result-size, and what `query` declines.

    `mask_key` is asked for where values are shown hashed. What the caller may not see of a product is gone before the
    statement begins: nothing that it does, nor how it fails, can tell of it.
    """

    def run(
        guarded: Guarded, products: Mapping[str, ProductKnowledge], stop: Stop, beside: Guarded | None = None
    ) -> Ran:
        timings: dict[str, int] = {}
        with _timed(timings, "open"):
            needs = _needs(guarded, beside) if beside else {n: _need(guarded, n) for n in guarded.products}
            opened = _each(lambda name: tables.open(products[name]), needs)
            scans = {name: (opened[name], need.raw, need.conditions) for name, need in needs.items()}
            estimates = _each(lambda name: scans[name][0].estimate(*scans[name][1:]), scans)
            _check_size(
                estimates.values(), limits.scan_bytes, told=all(need.scope.rows is None for need in needs.values())
            )
        stop.check()
        with _timed(timings, "scan"):
            arrow = _each(lambda name: _read(scans[name], stop), scans)
        with _timed(timings, "compute"):
            compute = partial(_compute, limits=limits, stop=stop)
            for name, need in needs.items():
                if not need.scope.whole:
                    arrow[name] = _seen(name, need, arrow[name], compute, mask_key)
            rows = json_rows(_small(compute(guarded.bare, arrow)))
            more = _if_possible(beside, arrow, compute) if beside else None
        return Ran(rows, {name: table.snapshot for name, table in opened.items()}, timings, more)

    return run


@dataclass(frozen=True)
class _Need:
    """What statements need of one product: of its scope these columns, of its rows those that `conditions` leave."""

    scope: Scope
    columns: tuple[str, ...]
    conditions: tuple[Predicate, ...]

    @property
    def raw(self) -> tuple[str, ...]:
        return raw_columns(self.scope, self.columns)


def _need(guarded: Guarded, name: str) -> _Need:
    return _Need(guarded.scopes[name], guarded.reads[name], guarded.predicates.get(name, ()))


def _needs(guarded: Guarded, beside: Guarded) -> dict[str, _Need]:
    """Of each product the columns that one of them reads, and the conditions that both of them have."""
    needs = {name: _need(guarded, name) for name in guarded.products}
    for name in beside.products:
        more, own = _need(beside, name), needs.get(name)
        if own:
            columns = tuple(dict.fromkeys((*own.columns, *more.columns)))
            more = _Need(own.scope, columns, tuple(c for c in own.conditions if c in more.conditions))
        needs[name] = more
    return needs


def _seen(name: str, need: _Need, product: pa.Table, compute: _Compute, mask_key: Callable[[], str]) -> pa.Table:
    """What the caller may see of `product`."""
    domain, _, table = name.partition(".")
    select = secured(exp.table_(table, db=domain, quoted=True), need.scope, need.columns)
    keyed = {MASK_KEY: mask_key()} if select.find(exp.Parameter) else {}
    return compute(select, {name: product}, parameters=keyed)


class _Compute(Protocol):
    def __call__(
        self, tree: exp.Query, arrow: Mapping[str, pa.Table], *, parameters: Mapping[str, str] = ...
    ) -> pa.Table: ...


@contextmanager
def _timed(timings: dict[str, int], name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    timings[name] = round((time.perf_counter() - started) * 1000)


def _each(work: Callable[[str], V], names: Iterable[str]) -> dict[str, V]:
    """`work` for every name at once."""
    names = list(names)
    if len(names) < 2:
        return {name: work(name) for name in names}
    with ThreadPoolExecutor(min(len(names), _PARALLEL)) as pool:
        return dict(zip(names, pool.map(work, names), strict=True))


def _read(scan: tuple[OpenTable, Sequence[str], Sequence[Predicate]], stop: Stop) -> pa.Table:
    stop.check()
    table, columns, predicates = scan
    return table.read(columns, predicates)


def _check_size(estimates: Iterable[Estimate], most: int, *, told: bool) -> None:
    """How much it would read is not told to who may not read all of it."""
    expected = sum(estimate.bytes for estimate in estimates)
    if expected > most:
        much = f"about {expected // 2**20:,} MB" if told else "more"
        raise StatementRejected(
            f"this would read {much}; a statement may read {most // 2**20:,} MB",
            rule="scan-size",
            hint="Name fewer columns, or filter on the columns by which the tables are partitioned.",
        )


def _small(table: pa.Table) -> pa.Table:
    if table.nbytes > _RESULT_BYTES:
        raise StatementRejected(
            f"the result is larger than {_RESULT_BYTES // 10**6} MB",
            rule="result-size",
            hint="Ask for fewer rows or columns.",
        )
    return table


def _if_possible(beside: Guarded, arrow: Mapping[str, pa.Table], compute: _Compute) -> list[list[Any]] | None:
    """What is told beside an answer is no reason to refuse it."""
    try:
        return json_rows(_small(compute(beside.bare, arrow)))
    except StatementRejected:
        return None


def _compute(
    tree: exp.Query,
    arrow: Mapping[str, pa.Table],
    *,
    limits: Limits,
    stop: Stop,
    parameters: Mapping[str, str] = MappingProxyType({}),
) -> pa.Table:
    text = render(tree, "duckdb", {name: duckdb_name(name) for name in arrow})
    memory, threads = limits.memory_mb, limits.threads
    running = stop.interrupting
    try:
        return query(text, arrow, memory_mb=memory, threads=threads, interrupting=running, parameters=parameters)
    except Interrupted as error:
        raise Stopped from error
