"""What a contract promises, as values: a read-only view of an ODCS v3 document.

The file's bytes stay the record; nothing here is ever written back. `parse.py` builds these values.
One contract describes one data product; its tables are the contract's schema objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from datamesh.contract.intake import InputFormat, Merge, Thresholds, WriteMode
from datamesh.contract.masks import Mask

__all__ = [
    "OPEN_STATUSES",
    "Approval",
    "Check",
    "Column",
    "ColumnType",
    "Contract",
    "EnumValue",
    "Owner",
    "Relationship",
    "Role",
    "Severity",
    "SlaProperty",
    "Table",
    "TableRef",
    "VerifiedStatement",
    "Version",
]

OPEN_STATUSES = frozenset({"active", "deprecated"})  # of contracts that give access to those whom they name
Severity = Literal["error", "warning"]


@dataclass(frozen=True, order=True)
class Version:
    """A contract's semantic version; a new `major` is a new table beside the old one."""

    major: int
    minor: int = 0
    patch: int = 0

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


@dataclass(frozen=True)
class ColumnType:
    """A column's type: the ODCS logical type and what it becomes in the table.

    `kind` is one of string, boolean, integer, number, decimal, date, timestamp, timestamptz, time, or of the nested
    object, array, map. `precision` and `scale` are a decimal's digits; `precision` alone those of a timestamp's second,
    where they are fewer than six. `bits` is 32 for an integer or number of that width, else None: 64. `inner` are an
    object's fields, an array's `element`, a map's `key` and `value`.
    """

    kind: str
    precision: int | None = None
    scale: int | None = None
    bits: int | None = None
    inner: tuple[Column, ...] = ()

    @property
    def nested(self) -> bool:
        return self.kind in ("object", "array", "map")


@dataclass(frozen=True)
class EnumValue:
    value: Any
    label: str = ""
    description: str = ""


@dataclass(frozen=True)
class TableRef:
    """A table of the mesh: `domain.product`. `table` differs from `product` only in a contract of several tables."""

    domain: str
    product: str
    table: str


@dataclass(frozen=True)
class Relationship:
    """A declared foreign key: `columns` of this table refer to `to_columns` of `to`, many to one.

    `severity` is that of a row whose reference dangles; None where nobody looks. `itself`: `to` is this very table.
    """

    columns: tuple[str, ...]
    to: TableRef
    to_columns: tuple[str, ...]
    name: str = ""
    severity: Severity | None = None
    itself: bool = False

    @property
    def column(self) -> str | None:
        """The one column that refers; None where there are several."""
        return self.columns[0] if len(self.columns) == 1 else None


@dataclass(frozen=True)
class Check:
    """One quality rule.

    `rule` is its stable name in findings and reasons (`required`, `type`, `enum`, `pattern`, `range`, `length`,
    `unique`, `primaryKey`, or the ODCS metric name, or the check's own id). `operator` is an ODCS operator name
    (`mustBe`, `mustBeBetween`, ...) and `threshold` its value; `unit` is rows or percent.
    """

    rule: str
    kind: Literal["library", "sql", "text", "custom"]
    severity: Severity = "error"
    column: str | None = None
    metric: str | None = None
    operator: str | None = None
    threshold: Any = None
    unit: Literal["rows", "percent"] = "rows"
    arguments: Mapping[str, Any] = field(default_factory=dict)
    query: str | None = None
    description: str = ""


@dataclass(frozen=True)
class Column:
    """A column of the table, or (semantic type measure) an aggregate expression over its columns."""

    name: str
    type: ColumnType
    required: bool = False
    unique: bool = False
    primary_key_position: int | None = None
    partition_position: int | None = None
    partition_transform: str = "identity"  # identity, year, month, day, hour, truncate[width]
    semantic_type: Literal["column", "measure", "dimension"] = "column"
    options: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""  # the column's name in the file, where it differs
    transform_logic: str = ""
    encrypted_name: str = ""  # the column that holds the encrypted value
    classification: str = ""
    business_name: str = ""
    description: str = ""
    synonyms: tuple[str, ...] = ()
    enum: tuple[EnumValue, ...] = ()
    examples: tuple[Any, ...] = ()
    tags: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    severities: Mapping[str, Severity] = field(default_factory=dict)  # of the built-in rules; see severity()
    id: str = ""
    deprecated: bool = False

    def severity(self, rule: str) -> Severity:
        """The severity of a built-in rule (`required`, `type`, `enum`, `range`, ...) of this column."""
        return self.severities.get(rule, "error")


@dataclass(frozen=True)
class Table:
    """A schema object of the contract. `columns` keep the contract's order and leave measures out."""

    name: str
    columns: tuple[Column, ...]
    measures: tuple[Column, ...] = ()
    relationships: tuple[Relationship, ...] = ()
    checks: tuple[Check, ...] = ()
    business_name: str = ""
    description: str = ""
    synonyms: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    write_mode: WriteMode = "append"
    merge: Merge = field(default_factory=Merge)
    input: InputFormat = field(default_factory=InputFormat)
    thresholds: Thresholds = field(default_factory=Thresholds)
    severities: Mapping[str, Severity] = field(default_factory=dict)  # of the table's built-in rules: primaryKey

    def severity(self, rule: str) -> Severity:
        """The severity of a built-in rule of the table: `primaryKey`."""
        return self.severities.get(rule, "error")

    @property
    def primary_key(self) -> tuple[str, ...]:
        keyed = [c for c in self.columns if c.primary_key_position is not None]
        return tuple(c.name for c in sorted(keyed, key=lambda c: c.primary_key_position or 0))

    @property
    def partition_columns(self) -> tuple[Column, ...]:
        parts = [c for c in self.columns if c.partition_position is not None]
        return tuple(sorted(parts, key=lambda c: c.partition_position or 0))

    @property
    def all_checks(self) -> tuple[Check, ...]:
        """Those of the columns, then those of the table."""
        return (*(check for column in self.columns for check in column.checks), *self.checks)

    def column(self, name: str) -> Column | None:
        return next((c for c in self.columns if c.name == name), None)


@dataclass(frozen=True)
class Role:
    """Who may read the product. `principals` as in `govern/principal.py`; `columns` None means all of them.

    `masks` say how the values of some of them are hidden, `rows` which rows are read: a condition, "" for all.
    """

    name: str
    access: str = "read"
    principals: tuple[str, ...] = ()
    columns: tuple[str, ...] | None = None
    masks: tuple[tuple[str, Mask], ...] = ()
    rows: str = ""
    description: str = ""


@dataclass(frozen=True)
class Approval:
    """Requests of `principals` for any of `columns` (None: all) for at most `days` are granted without a person."""

    principals: tuple[str, ...]
    columns: tuple[str, ...] | None
    days: int


@dataclass(frozen=True)
class VerifiedStatement:
    """A question whose answer the owners vouch for. `sql` uses mesh names (`domain.product`)."""

    question: str
    sql: str = ""
    answer: str = ""


@dataclass(frozen=True)
class SlaProperty:
    property: str
    value: Any
    unit: str = ""
    element: str = ""


@dataclass(frozen=True)
class Owner:
    """As whom a member of the team decides on access: from the day `since` on, before the day `until` (None: no such
    day). Days are those of UTC."""

    principal: str
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class Contract:
    """One data product's contract. `name` in the mesh is `domain.product`."""

    id: str
    domain: str
    product: str
    version: Version
    status: str
    api_version: str
    tables: tuple[Table, ...]
    roles: tuple[Role, ...] = ()
    verified: tuple[VerifiedStatement, ...] = ()
    sla: tuple[SlaProperty, ...] = ()
    team: tuple[str, ...] = ()
    owners: tuple[Owner, ...] = ()
    approvals: tuple[Approval, ...] = ()
    description: str = ""
    business_name: str = ""
    tags: tuple[str, ...] = ()
    classification: str = "internal"

    @property
    def name(self) -> str:
        return f"{self.domain}.{self.product}"

    @property
    def table(self) -> Table:
        """The product's table: a product that is published has exactly one (lint says so otherwise)."""
        return self.tables[0]
