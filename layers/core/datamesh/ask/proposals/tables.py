"""What a table or a whole contract lacks: what a row is called by, and words of its owners."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from datamesh.ask.names.views import ColumnView
from datamesh.ask.proposals.kin import ends_in, words_of
from datamesh.ask.proposals.looking import Looked, proposal
from datamesh.ask.proposals.words import AMOUNTS, NO_AMOUNTS, NO_LABELS
from datamesh.contract.finding import Finding
from datamesh.contract.infer import guess
from datamesh.contract.model import Column
from datamesh.contract.rules.names import domain_problem, name_problem

__all__ = ["labels", "vocabulary"]

_ROWS = 20  # from so many on it says something that all texts are different
_NEARLY = 0.95  # of the rows have a value of their own
_LONGEST = 60  # characters, on average, of what things are called


def labels(looked: Looked) -> Iterator[Finding]:
    """A row that is known by a number only, though one of its texts tells it from the others."""
    view = looked.view
    if view.shown_by != view.key or any(view.columns[name].kind == "text" for name in view.key):
        return
    found = [column for column in looked.table.columns if _may_be_called(looked, column)]
    if len(found) != 1:
        return
    column = found[0]
    known = looked.columns[column.name]
    message = (
        f"a row of `{looked.table.name}` is shown by {'its key' if view.key else 'nothing'}: is it called by"
        f" `{column.name}`, which has {known.distinct:,} different values in {looked.rows:,} rows?"
    )
    fix = "businessName: name"
    yield proposal(looked, "label", looked.path(column.name), message, fix)


def _may_be_called(looked: Looked, column: Column) -> bool:
    known = looked.columns.get(column.name)
    if known is None or column.type.kind != "string" or column.enum or column.name in looked.refers:
        return False
    if looked.rows < _ROWS or (known.distinct or 0) < _NEARLY * looked.rows or _is_long(known.values):
        return False
    if any(NO_LABELS & set(words) for words in words_of(column)):
        return False
    facts = looked.evidence.facts(looked.name, column.name) if looked.evidence else None
    return facts is not None and guess(facts).logical == "string" and not guess(facts).options


def _is_long(values: Sequence[str] | None) -> bool:
    return bool(values) and sum(map(len, values or ())) > _LONGEST * len(values or ())


def vocabulary(tables: Sequence[Looked]) -> Iterator[Finding]:
    """A contract that says nothing beyond names and types: one finding, at its schema."""
    columns = [column for looked in tables for column in (*looked.table.columns, *looked.table.measures)]
    first = next(iter(tables), None)
    said = any(c.semantic_type != "column" or c.synonyms for c in columns)
    if first is None or said or first.contract.verified or any(looked.table.synonyms for looked in tables):
        return
    bare = sum(not column.description for column in columns)
    described = f"; {bare} of {len(columns)} columns have no description" if bare else ""
    message = f"no synonym, no measure, no dimension and no verified statement{described}"
    yield proposal(first, "vocabulary", "schema", message, _example(first))


def _is_computed_with(looked: Looked, column: Column, view: ColumnView) -> bool:
    """Whether an average of it may be asked for: not of years, hours and places on the map."""
    parts = column.name in looked.view.calendar.values() or ends_in(column, NO_AMOUNTS)
    return view.counts and not view.dimension and not parts


def _example(looked: Looked) -> str:
    view = looked.view
    plain = [each for each in looked.plain() if _is_computed_with(looked, *each)]
    amount = next((c for column, c in plain if ends_in(column, AMOUNTS)), next((c for _, c in plain), None))
    lines = []
    if amount:
        lines += [
            "# among the properties: what is computed, and how",
            f"- name: average_{amount.name.lower()}",
            "  logicalType: number",
            "  semanticType: measure",
            f"  transformLogic: AVG({amount.name})",
        ]
    if _has_a_name(looked):
        lines += [
            "# at the top: a question whose answer you vouch for",
            "context:",
            "  verifiedStatements:",
            f"    - question: How many {view.label} are there?",
            "      customProperties:",
            "        - property: datamesh.sql",
            f"          value: SELECT COUNT(*) FROM {looked.name}",
        ]
    return "\n".join(lines or ["# at a column: what people call it", "synonyms:", "  - synonym: ..."])


def _has_a_name(looked: Looked) -> bool:
    """Whether statements can name the table: where its domain is still to be named, none would be right."""
    domain, _, table = looked.name.partition(".")
    return domain_problem(domain) is None and name_problem(table) is None
