"""The policy as SQL: what one caller sees of a product, as a SELECT over the product itself. Pure.

Each column is a cell that says in which rows its value is shown, masked, or not there at all, and each row is there
only if some right gives it. What a statement does with them happens outside of that SELECT.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from datamesh.contract.masks import Mask
from datamesh.contract.model import Column, Table
from datamesh.contract.rowfilter import condition
from datamesh.contract.types import duckdb_type
from datamesh.engine.dialect import MESH_DIALECT
from datamesh.errors import StatementRejected
from datamesh.govern.rights import Right, Rights

__all__ = ["MASK_KEY", "Scope", "raw_columns", "scope_of", "secured"]

MASK_KEY = "mask_key"  # the parameter that hashes are keyed with: its value stands in no text
_STARS = "***"


@dataclass(frozen=True)
class Scope:
    """What a caller may read of one product. A column not among `columns` does not exist.

    `cells` are the columns that are not just themselves; `rows` is the condition of those that are there (None: all).
    `key` is the primary key.
    """

    columns: tuple[str, ...]
    cells: Mapping[str, exp.Expr] = field(default_factory=dict)
    rows: exp.Expr | None = None
    key: tuple[str, ...] = ()

    @property
    def masked(self) -> frozenset[str]:
        """The columns whose values are hidden in some row."""
        return frozenset(self.cells)

    @property
    def whole(self) -> bool:
        """Whether it is all rows with nothing hidden, of the columns that there are."""
        return not self.cells and self.rows is None


def scope_of(rights: Rights, table: Table) -> Scope:
    """`rights` of `table`. A right whose condition cannot be understood gives no row."""
    columns = [column for column in table.columns if column.name in rights.columns]
    conditions = [_condition(right, table) for right in rights.each]
    given = list(zip(rights.each, conditions, strict=True))
    cells = {column.name: _cell(column, given) for column in columns if column.name in rights.hidden}
    rows = None if rights.all_rows else exp.or_(*(found.copy() for found in conditions if found is not None))
    return Scope(tuple(column.name for column in columns), cells, rows, table.primary_key)


def secured(product: exp.Table, scope: Scope, columns: Iterable[str]) -> exp.Select:
    """What `scope` gives of these columns of `product`."""
    cells = (
        exp.alias_(scope.cells[name].copy(), name, quoted=True) if name in scope.cells else _column(name)
        for name in columns
    )
    select = exp.select(*cells).from_(product)
    return select if scope.rows is None else select.where(scope.rows.copy(), copy=False)


def raw_columns(scope: Scope, columns: Iterable[str]) -> tuple[str, ...]:
    """The product's own columns that `secured` reads for `columns`."""
    trees = [scope.cells[name] if name in scope.cells else _column(name) for name in columns]
    trees += [scope.rows] if scope.rows is not None else []
    return tuple(dict.fromkeys(found.name for tree in trees for found in tree.find_all(exp.Column)))


def _condition(right: Right, table: Table) -> exp.Expr | None:
    if not right.rows:
        return None
    try:
        return exp.paren(condition(right.rows, table))
    except StatementRejected:
        return exp.false()


def _cell(column: Column, given: list[tuple[Right, exp.Expr | None]]) -> exp.Expr:
    """The value where a right shows it, else its mask where a right shows that, else none. Of one type: where a mask is
    text, all of it is."""
    masks = [(found, mask) for right, found in given for name, mask in right.masks if name == column.name]
    as_text = column.type.kind != "string" and any(mask.as_text for _, mask in masks)
    shown: list[tuple[exp.Expr | None, exp.Expr]]
    shown = [(found, _column(column.name)) for right, found in given if column.name in right.clear]
    shown += [(found, _hidden(column, mask)) for found, mask in masks]
    case = exp.Case()
    for found, value in shown:
        typed = exp.cast(value, "TEXT") if as_text else value
        if found is None:  # of all rows: what comes after it is never looked at
            return case.else_(typed, copy=False) if case.args.get("ifs") else typed
        case = case.when(found.copy(), typed, copy=False)
    return case


def _hidden(column: Column, mask: Mask) -> exp.Expr:
    value = _column(column.name)
    if mask.kind == "hash":
        return exp.SHA2(this=exp.DPipe(this=_key(), expression=exp.cast(value, "TEXT")), length=exp.Literal.number(256))
    if mask.kind == "partial":
        return _partial(value, mask.keep)
    if mask.kind == "bucket" and mask.span:
        cut = exp.TimestampTrunc(this=value, unit=exp.var(mask.span.upper()))
        return _typed(cut, column)
    if mask.kind == "bucket" and mask.width:
        width = exp.Literal.number(repr(mask.width))
        low = exp.Mul(this=exp.Floor(this=exp.Div(this=exp.cast(value, "DOUBLE"), expression=width)), expression=width)
        return _typed(low, column)
    return _typed(exp.null(), column)


def _typed(value: exp.Expr, column: Column) -> exp.Expr:
    """Of the column's type; the bucket below the least number of that type is none, and no error that tells of it."""
    return exp.TryCast(this=value, to=exp.DataType.build(duckdb_type(column.type), dialect=MESH_DIALECT))


def _partial(value: exp.Expr, keep: int) -> exp.Expr:
    last = exp.Right(this=value.copy(), expression=exp.Literal.number(keep))
    shown = exp.DPipe(this=exp.Literal.string(_STARS), expression=last)
    long = exp.GTE(this=exp.Length(this=value.copy()), expression=exp.Literal.number(2 * keep))
    missing = exp.Is(this=value, expression=exp.null())
    return exp.Case().when(missing, exp.null()).when(long, shown).else_(exp.Literal.string(_STARS))


def _key() -> exp.Expr:
    return exp.Parameter(this=exp.var(MASK_KEY))


def _column(name: str) -> exp.Column:
    return exp.column(name, quoted=True)
