"""Contracts drafted from files: whatever publishing reads is read by the same means, and looked at column by column.

Files of one shape are one product. Their rows are staged as text, with no rules, into a directory that is thrown away;
from there every column is counted by itself (facts.py), so a file may be larger than memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from datamesh.contract.draft import ColumnDraft, TableDraft, column_names, product_name
from datamesh.contract.infer import Facts, Guess, null_words
from datamesh.contract.model import Column, ColumnType, Table
from datamesh.engine.duck import Connection, connect, identifier, literal, literals
from datamesh.publish import facts as counts
from datamesh.publish.aside import set_aside
from datamesh.publish.likely import Counted, Keys, enum_of, keys_of, reference_of
from datamesh.publish.shapes import Shape, by_shape
from datamesh.publish.stage import DEFAULT_ENGINE, Engine, Staged

__all__ = ["infer"]


def infer(
    files: Sequence[Path], *, workdir: Path, product: str = "", engine: Engine = DEFAULT_ENGINE
) -> tuple[TableDraft, ...]:
    """A draft for each shape among `files`. `product` names the only one. Raises UnreadableInput."""
    groups = by_shape(files, work=workdir / "looked-at", engine=engine)
    with connect(
        memory_mb=engine.memory_mb, threads=engine.threads, temp=workdir / "spill", directories=[workdir]
    ) as con:
        products: list[Counted] = []
        for number, (shape, members) in enumerate(groups.items()):
            name = product if product and len(groups) == 1 else product_name(members[0].name)
            taken = {each.product for each in products}
            name = name if name not in taken else f"{name}_{number + 1}"
            table, relation = _texts(shape, name), f"rows_{number}"
            staged = set_aside(table, members, name, workdir / relation, engine)
            products.append(_counted(con, shape, table, staged, relation))
        keys = {each.product: keys_of(con, each) for each in products}
        return tuple(_draft(con, each, keys, products) for each in products)


def _texts(shape: Shape, product: str) -> Table:
    """A table of texts, of columns whose names are allowed."""
    # As if it were sensitive: the profile of what is thrown away need not hold any value.
    columns = tuple(
        Column(name, ColumnType("string"), source=source if shape.input.header else "", classification="restricted")
        for name, source in zip(column_names(shape.sources), shape.sources, strict=True)
    )
    return Table(product, columns, input=shape.input)


def _counted(con: Connection, shape: Shape, table: Table, staged: Staged, relation: str) -> Counted:
    names = [column.name for column in table.columns]
    _view(con, relation, table, staged.files)
    found = tuple(
        counts.facts_of(con, relation, name, source=source, kind=shape.kinds.get(source, ""))
        for name, source in zip(names, shape.sources, strict=True)
    )
    words = null_words(found)
    _view(con, relation, table, staged.files, words)
    return Counted(table.name, relation, shape, tuple(names), found, words, staged.rows_good, staged.rows_bad)


def _view(con: Connection, name: str, table: Table, files: Sequence[Path], words: Sequence[str] = ()) -> None:
    """The staged rows under a name, null words made NULL as publishing will make them."""
    if not files:
        nothing = ", ".join(f"CAST(NULL AS VARCHAR) AS {identifier(c.name)}" for c in table.columns)
        con.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT {nothing} WHERE false")
        return
    unsaid = literals(words) or literal("")
    columns = ", ".join(
        f"CASE WHEN {identifier(c.name)} NOT IN ({unsaid}) THEN {identifier(c.name)} END AS {identifier(c.name)}"
        for c in table.columns
    )
    source = f"read_parquet([{literals(map(str, files))}])"
    con.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT {columns} FROM {source}")


def _draft(con: Connection, product: Counted, keys: Mapping[str, Keys], all_of: Sequence[Counted]) -> TableDraft:
    form = product.shape.input
    said: dict[str, Any] = {}
    if form.delimiter:
        said = {"format": "csv", "delimiter": form.delimiter, "header": form.header}
    return TableDraft(
        product=product.product,
        columns=tuple(_columns(con, product, keys, all_of)),
        input=said | ({"nullWords": list(product.words)} if product.words else {}),
        doubts=tuple(_table_doubts(product, keys[product.product])),
    )


def _table_doubts(product: Counted, known: Keys) -> Iterator[str]:
    if product.bad:
        yield f"{product.bad:,} lines are no rows: they would go to quarantine"
    if not product.shape.input.header:
        yield "no header was seen: the columns stand in the order of the file"
    if not known.key:
        yield "no key was found in one, two or three columns: the same row may come twice"
    if product.shape.input.delimiter is None and not product.facts[0].kind if product.facts else False:
        yield "the names are those of the first megabyte: later rows may have more"


def _columns(
    con: Connection, product: Counted, keys: Mapping[str, Keys], all_of: Sequence[Counted]
) -> Iterator[ColumnDraft]:
    known = keys[product.product]
    for name, each, kind in zip(product.names, product.facts, product.guesses, strict=True):
        key = known.key.index(name) + 1 if name in known.key else None
        enum = enum_of(con, product, name, kind, known) if key is None else ()
        doubts = list(_doubts(product, each, kind, known, name))
        if enum:
            doubts.append(f"{len(enum)} different values were seen: are there more?")
        yield ColumnDraft(
            name=name,
            source=each.source if product.shape.input.header else name,
            guess=kind,
            required=product.rows > 0 and not known.missing[name],
            key=key,
            enum=enum,
            reference=None if key and len(known.key) == 1 else reference_of(con, product, name, keys, all_of),
            doubts=doubts,
        )


def _doubts(product: Counted, each: Facts, kind: Guess, known: Keys, name: str) -> Iterator[str]:
    for word, count in each.words.items():
        if kind.logical == "string" and word in product.words:
            yield f"`{word}` in {count:,} rows is read as no value, as it is in other columns"
        elif word not in product.words:
            yield f"`{word}` stands in {count:,} rows: if it means no value, add it to nullWords"
    if name in known.key:
        others = [other for other in known.unique if other != name]
        how = "it tells all rows apart" if len(known.key) == 1 else "together they tell all rows apart"
        yield f"{how}{f', and so does {others[0]}' if others else ''}: is it meant to?"
