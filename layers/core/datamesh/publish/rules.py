"""The rules of a contract that are about rows, as SQL conditions over a row's columns. Pure.

A condition stands over `x0`, `x1`, ... (the columns as text) and `t0`, `t1`, ... (typed, see conform.py), and is true
where the row breaks the rule. It may be NULL, which is not true.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from datamesh.contract.model import Check, Column, Relationship, Severity, Table
from datamesh.contract.quality import allows_none, not_carried_out
from datamesh.engine.duck import literals
from datamesh.publish.conditions import conditions, outside, unlike
from datamesh.publish.nested import broken_inside

__all__ = ["MALFORMED", "Effect", "Rule", "any_of", "broken", "deletes", "rules", "sends_away", "supersedes"]

MALFORMED = "malformed"  # a line that cannot be read as a row at all
Effect = Literal["quarantine", "warn", "measure", "supersede"]


@dataclass(frozen=True)
class Rule:
    """What a row may break. `condition` is SQL, true where it does.

    Breaking it sends the row to quarantine, or is a warning, or is measured for the data-set gate (`check`).
    A rule over `keys` is about several rows at once: it holds for each row after the first with the same keys, or
    (superseding) for each row before the last one. One that `refers` is about another table: it holds for each row
    whose reference is not there.
    """

    number: int
    rule: str
    column: str | None
    effect: Effect
    condition: str
    keys: tuple[str, ...] = ()
    check: Check | None = None
    refers: Relationship | None = None

    @property
    def alone(self) -> bool:
        """Whether a row by itself tells if it breaks the rule."""
        return not self.keys and self.refers is None


def rules(table: Table) -> tuple[Rule, ...]:
    """All rules of a table, numbered: the same numbers for the same contract in every step of a batch."""
    found = [Rule(0, MALFORMED, None, "quarantine", "NOT __ok")]
    for position, column in enumerate(table.columns):
        found += _built_in(table, column, position)
        found += [_metric(check, table, column, position) for check in column.checks if _is_row_metric(check)]
    if table.write_mode == "merge":
        found = [_spares_deleted(rule, table) for rule in found]
    found += _keys(table)
    found += _references(table)
    return tuple(_numbered(rule, number) for number, rule in enumerate(found))


def any_of(chosen: Sequence[Rule]) -> str:
    """True where a row breaks one of the rules, false or NULL where it breaks none: the condition of a WHEN.

    There, and nowhere else, conditions over a million clean rows cost next to nothing: no column of answers is made.
    """
    return " OR ".join(f"({rule.condition})" for rule in chosen) or "false"


def sends_away(chosen: Sequence[Rule]) -> tuple[Rule, ...]:
    """Those that keep a row from being published."""
    return tuple(rule for rule in chosen if rule.effect == "quarantine")


def supersedes(chosen: Sequence[Rule]) -> tuple[Rule, ...]:
    """Those that a row breaks because a later row of its key takes its place: it is left out, and nothing is wrong."""
    return tuple(rule for rule in chosen if rule.effect == "supersede")


def broken(known: Sequence[Rule], chosen: Sequence[Rule]) -> str:
    """A text of digits that says of all known rules whether a row breaks them, 1 where it does. What is no row at all
    breaks that rule only.
    """
    held = (f"CASE WHEN {_whole(rule)} THEN '1' ELSE '0' END" if rule in chosen else "'0'" for rule in known)
    return f"concat({', '.join(held)})"


def _whole(rule: Rule) -> str:
    return rule.condition if rule.rule == MALFORMED else f"__ok AND ({rule.condition})"


def _effect_of(severity: Severity) -> Effect:
    return "quarantine" if severity == "error" else "warn"


def _built_in(table: Table, column: Column, position: int) -> list[Rule]:
    x, t = f"x{position}", f"t{position}"
    if column.type.nested:
        return [
            Rule(0, rule, path, _effect_of(within.severity(rule)), condition)
            for rule, path, within, condition in broken_inside(column, x, f"w{position}")
        ]
    own = conditions(column, x, t)
    own = {"type": own.pop("type", ""), "required": f"{x} IS NULL" if column.required else "", **own}
    found = [
        Rule(0, rule, column.name, _effect_of(column.severity(rule)), condition)
        for rule, condition in own.items()
        if condition
    ]
    if column.name in table.primary_key and table.write_mode == "merge":
        # A row is merged by its whole key, so it must have one even where the column's own rules are warnings.
        if not (column.required and column.severity("required") == column.severity("type") == "error"):
            found.append(Rule(0, "primaryKey", column.name, "quarantine", f"{t} IS NULL"))
    elif column.name in table.primary_key and not column.required:  # a key without one of its parts is no key
        effect = _effect_of(table.severity("primaryKey"))
        found.append(Rule(0, "primaryKey", column.name, effect, f"{x} IS NULL"))
    return found


def _spares_deleted(rule: Rule, table: Table) -> Rule:
    """A row that deletes its key need not hold more than the key, what marks it, and what orders it."""
    if table.merge.delete_column is None or rule.column is None:
        return rule
    if rule.column in (*table.primary_key, table.merge.delete_column, table.merge.order):
        return rule
    return replace(rule, condition=f"({rule.condition}) AND NOT ({deletes(table, _marker(table))})")


def _marker(table: Table) -> str:
    """The column that marks deleted rows, typed."""
    return f"t{[column.name for column in table.columns].index(table.merge.delete_column or '')}"


def deletes(table: Table, value: str) -> str:
    """SQL that is true where `value`, of the column that marks deleted rows, says so; never NULL."""
    column = table.column(table.merge.delete_column or "")
    return (
        "false"
        if column is None
        else f"coalesce(NOT ({outside(value, table.merge.delete_values, column.type)}), false)"
    )


def _is_row_metric(check: Check) -> bool:
    return check.metric in ("nullValues", "missingValues", "invalidValues") and not not_carried_out(check)


def _metric(check: Check, table: Table, column: Column, position: int) -> Rule:
    """Where not one such value is allowed, a row that has it is bad; else the share of such rows is measured."""
    effect = _effect_of(check.severity) if allows_none(check) else "measure"
    condition = _metric_condition(check, table, column, position)
    return Rule(0, check.rule, column.name, effect, condition, check=check)


def _metric_condition(check: Check, table: Table, column: Column, position: int) -> str:
    x, t = f"x{position}", f"t{position}"
    if check.metric == "nullValues":
        return f"{x} IS NULL"
    if check.metric == "missingValues":
        return _missing(x, check.arguments.get("missingValues"), table)
    valid, pattern = check.arguments.get("validValues"), check.arguments.get("pattern")
    found = [f"{x} IS NOT NULL AND {t} IS NULL"]
    found += [outside(t, [v for v in valid if v is not None], column.type)] if valid else []
    found += [unlike(x, pattern)] if pattern else []
    return " OR ".join(found)


def _missing(x: str, given: Sequence[object] | None, table: Table) -> str:
    """Without a list, what is NULL is missing. With one, what it names: null itself, or a text that is read as null."""
    words = [str(word) for word in given or () if word is not None]
    null = not given or None in given or any(word in table.input.null_words for word in words)
    found = [f"{x} IS NULL"] if null else []
    found += [f"CAST({x} AS VARCHAR) IN ({literals(words)})"] if words else []
    return " OR ".join(found)


def _keys(table: Table) -> list[Rule]:
    key, single = table.primary_key, [c for c in table.columns if c.unique]
    found = []
    if key:
        column = key[0] if len(key) == 1 else None
        merges = table.write_mode == "merge"
        effect: Effect = "supersede" if merges else _effect_of(table.severity("primaryKey"))
        found.append(_repeated("primaryKey", column, effect, key))
    found += [_repeated("unique", c.name, _effect_of(c.severity("unique")), (c.name,)) for c in single]
    for check in table.all_checks:
        if check.metric == "duplicateValues" and not not_carried_out(check):
            keys = (check.column,) if check.column else tuple(check.arguments.get("properties", ()))
            found.append(_repeated(check.rule, check.column, "measure", keys, check))
    return [rule for rule in found if rule.keys and all(table.column(name) for name in rule.keys)]


def _repeated(rule: str, column: str | None, effect: Effect, keys: tuple[str, ...], check: Check | None = None) -> Rule:
    return Rule(0, rule, column, effect, "false", keys, check)


def _references(table: Table) -> list[Rule]:
    """What a row that deletes its key refers to does not matter."""
    marks = table.write_mode == "merge" and table.merge.delete_column
    spared = f"NOT ({deletes(table, _marker(table))})" if marks else "true"
    return [
        Rule(0, "relationship", to.column, _effect_of(to.severity), spared, refers=to)
        for to in table.relationships
        if to.severity is not None and all(table.column(name) for name in to.columns)
    ]


def _numbered(rule: Rule, number: int) -> Rule:
    condition = rule.condition
    if rule.refers is not None:
        condition = f"__orphan{number} AND {condition}"
    elif rule.keys and rule.effect in ("quarantine", "supersede"):
        condition = f"coalesce(list_contains(__repeats, {number}), false)"
    return replace(rule, number=number, condition=condition)
