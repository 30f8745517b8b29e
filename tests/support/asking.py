"""A small mesh to ask: three products over Arrow tables in memory, and who may read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

import pyarrow as pa
from sqlglot import exp

from datamesh.ask.guard import Predicate
from datamesh.ask.intent import Query
from datamesh.ask.run import Estimate, Snapshot
from datamesh.contract.model import (
    Column,
    ColumnType,
    Contract,
    Role,
    SlaProperty,
    Table,
    VerifiedStatement,
    Version,
)
from datamesh.contract.profile import Profile
from datamesh.registry.knowledge import Knowledge, ProductKnowledge

__all__ = [
    "ACCOUNT",
    "ANALYST",
    "CLERK",
    "KNOWLEDGE",
    "PUBLISHED",
    "STRANGER",
    "MemoryTables",
    "Planned",
    "Planner",
    "arn",
    "mask_key",
    "published",
    "retired",
]

ACCOUNT = "123456789012"
PUBLISHED = datetime(2024, 5, 1, 12, tzinfo=UTC)


def arn(role: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/{role}"


ANALYST, CLERK, STRANGER = arn("analyst"), arn("clerk"), arn("stranger")

_KINDS = {"integer": pa.int64(), "string": pa.string(), "number": pa.float64(), "date": pa.date32()}
_COLUMNS = {
    "shop.orders": {"order_id": "integer", "customer_id": "integer", "amount": "number", "day": "date"},
    "crm.customers": {"customer_id": "integer", "name": "string", "city": "string"},
    "hr.salaries": {"person": "string", "salary": "integer"},
}
_ROWS: Mapping[str, Sequence[tuple[object, ...]]] = {
    "shop.orders": [
        (1, 10, 5.5, date(2024, 1, 5)),
        (2, 10, 2.5, date(2024, 2, 5)),
        (3, 11, float("nan"), date(2024, 2, 9)),
    ],
    "crm.customers": [(10, "Ada", "Berlin"), (11, "Bob", "Paris")],
    "hr.salaries": [("Ada", 100)],
}
_ROLES = {
    "shop.orders": (Role("reader", principals=("role/analyst", "role/clerk")),),
    "crm.customers": (
        Role("reader", principals=("role/analyst",)),
        Role("cities", principals=("role/clerk",), columns=("customer_id", "city")),
    ),
    "hr.salaries": (Role("payroll", principals=("role/payroll",)),),
}
_VERIFIED = {
    "shop.orders": (
        VerifiedStatement("How many orders are there?", "SELECT COUNT(*) AS orders FROM shop.orders"),
        VerifiedStatement(
            "Who ordered most?",
            "SELECT c.name, COUNT(*) AS n FROM shop.orders o JOIN crm.customers c USING (customer_id) "
            "GROUP BY c.name ORDER BY n DESC LIMIT 1",
            answer="By number of orders.",
        ),
        VerifiedStatement("What is an order?", answer="A sale."),
    ),
    "crm.customers": (
        VerifiedStatement(
            "How many customers live in each city?", "SELECT city, COUNT(*) AS n FROM crm.customers GROUP BY 1"
        ),
    ),
    "hr.salaries": (VerifiedStatement("What is the average salary?", "SELECT AVG(salary) AS a FROM hr.salaries"),),
}


def _product(name: str, snapshot_id: int) -> ProductKnowledge:
    domain, _, product = name.partition(".")
    columns = tuple(Column(c, ColumnType(kind), description=f"The {c}.") for c, kind in _COLUMNS[name].items())
    contract = Contract(
        id=name,
        domain=domain,
        product=product,
        version=Version(1, 2),
        status="active",
        api_version="v3.2.0",
        tables=(Table(product, columns),),
        roles=_ROLES[name],
        verified=_VERIFIED[name],
        sla=(SlaProperty("frequency", 1, "d"),),
        team=("shop@example.com",),
        description=f"All {product}.",
    )
    return published(contract, snapshot_id, rows=len(_ROWS[name]))


def published(contract: Contract, snapshot_id: int, *, rows: int, profile: Profile | None = None) -> ProductKnowledge:
    """What is known of a product after its first publish of so many `rows`."""
    return ProductKnowledge(
        contract=contract,
        name=contract.name,
        version=str(contract.version),
        account=ACCOUNT,
        database=f"datamesh_dev_{contract.domain}",
        table=f"{contract.product}_v{contract.version.major}",
        reader_role_arn=arn(f"datamesh-dev-{contract.domain}-reader"),
        snapshot_id=snapshot_id,
        sequence=1,
        run_id="20240501T120000Z-0000000a",
        status="published",
        published_at=PUBLISHED,
        total_rows=rows,
        rows_in=rows,
        rows_published=rows,
        profile=profile,
    )


KNOWLEDGE = Knowledge({name: _product(name, 1000 + i) for i, name in enumerate(_COLUMNS)})


Reads = dict[str, tuple[tuple[str, ...], tuple[Predicate, ...]]]


class MemoryTables:
    """Tables in memory in place of Iceberg's; remembers what was read, and cannot read what was not asked for."""

    def __init__(self, *, bytes_each: int = 1000, newer: Sequence[str] = ()) -> None:
        self.reads: Reads = {}
        self._bytes = bytes_each
        self._newer = newer

    def open(self, product: ProductKnowledge) -> _MemoryTable:
        ids = product.snapshot_id or 0
        return _MemoryTable(product.contract.name, ids + (product.name in self._newer), self._bytes, self.reads)


class _MemoryTable:
    def __init__(self, name: str, snapshot_id: int, size: int, reads: Reads) -> None:
        self.snapshot = Snapshot(snapshot_id, PUBLISHED - timedelta(hours=1))  # committed, then announced
        self._name, self._size, self._reads = name, size, reads

    def estimate(self, columns: Sequence[str], predicates: Sequence[Predicate]) -> Estimate:
        return Estimate(rows=len(_ROWS[self._name]), bytes=self._size)

    def read(self, columns: Sequence[str], predicates: Sequence[Predicate]) -> pa.Table:
        self._reads[self._name] = (tuple(columns), tuple(predicates))
        kinds = _COLUMNS[self._name]
        names = list(kinds)
        return pa.table(
            {c: pa.array([row[names.index(c)] for row in _ROWS[self._name]], _KINDS[kinds[c]]) for c in columns}
        )


def retired(knowledge: Knowledge, name: str) -> Knowledge:
    """`knowledge` after the contract of `name` was retired."""
    product = knowledge.products[name]
    gone = replace(product, contract=replace(product.contract, status="retired"))
    return Knowledge({**knowledge.products, name: gone})


@dataclass(frozen=True)
class Planned:
    status: Literal["answered", "refused", "ambiguous"] = "refused"
    sql: exp.Expr | None = None
    explanation: str = "Not understood: weather."
    unmatched: Sequence[str] = ()
    suggestions: Sequence[str] = ()
    candidates: Sequence[str] = ()
    intent: Query | None = None
    ties: exp.Expr | None = None


def mask_key() -> str:
    return "a key of this test"


class Planner:
    """Plans one thing, and remembers what it was told."""

    def __init__(self, plan: Planned) -> None:
        self.plan = plan
        self.told: tuple[Any, ...] = ()
        self.previous: Query | None = None

    def __call__(
        self,
        question: str,
        knowledge: Knowledge,
        readable: Mapping[str, tuple[str, ...]],
        *,
        today: date,
        previous: Query | None = None,
    ) -> Planned:
        self.told, self.previous = (question, set(knowledge.products), dict(readable), today), previous
        return self.plan
