"""Of the plans that several groups of tables give for one question, the one that is believed, or that there is none.

A group may read a question cheaply because it knows less of it. So who knows more of the words is heard first, and what
differs by little only is not decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import NoneType
from typing import NamedTuple

from datamesh.ask import intent
from datamesh.ask.barren import barren
from datamesh.ask.choosing import AMBIGUOUS, CANDIDATES, Plan
from datamesh.ask.evidence import shape
from datamesh.ask.names.views import TableView
from datamesh.ask.retrieval import Group

__all__ = ["elected"]

_TRIED = 12  # groups of tables that a question is read in
_HALF = 0.5  # of what the likeliest group knows, for another to be tried
_APART = 0.35  # what the reading in one group must be cheaper by than that in any other
_DOUBTFUL = 0.25  # from this cost on something was implied, skipped or met in part
_FAR_APART = 0.9  # what a doubtful reading must be cheaper by than another that is answered, or one that is alike
_THINGS_APART = 0.25  # how many counties: what counts rows of counties, by that than what counts a column's values
_MORE = 1.0  # what knowing more of the words may cost


class _Meant(NamedTuple):
    plan: Plan
    group: Group
    barren: bool


def elected(likely: Sequence[Group], read_in: Callable[[Group], Plan], tables: Mapping[str, TableView]) -> Plan:
    """The cheapest of the plans in several groups, the likeliest first. Where another comes near, or one not tried
    could: ambiguous. `tables` are those of all groups.

    Groups that know less than half of what the first knows are not tried; nor the others, once two plans come so near
    to nothing at all that no third can be chosen before them.
    """
    rivals = [group for group in likely if group.weight >= _HALF * likely[0].weight]
    first: Plan | None = None
    meant: list[_Meant] = []
    tried = 0
    while rivals and tried < _TRIED and not _undecided(meant, rivals):
        group = rivals.pop(0)
        if any(_says_more(known, group) for known in meant):
            continue
        found = read_in(group)
        first, tried = first or found, tried + 1
        if found.status != "refused":
            empty = found.intent is not None and barren(found.intent, tables)
            meant = sorted([*meant, _Meant(found, group, empty)], key=lambda each: each.plan.cost)
    return _chosen(meant, rivals) if meant else first or Plan("refused", "Nothing was asked.")


def _undecided(meant: Sequence[_Meant], rivals: Iterable[Group]) -> bool:
    """Whether two plans come so near to nothing that no third can be chosen before them."""
    two = [each.group.names for each in meant if each.plan.cost <= _APART and not each.barren][:2]
    return len(two) > 1 and not any(names < group.names for group in rivals for names in two)


def _says_more(known: _Meant, group: Group) -> bool:
    """Whether a plan makes it needless to read in a group: that knows less of the words, and costs something, too."""
    return group.names < known.group.names and known.plan.cost <= _MORE


def _chosen(meant: Sequence[_Meant], untried: Iterable[Group]) -> Plan:
    """The cheapest of those that no other says more than, if it is clear of the rest."""
    kept = [each for each in meant if not any(_outdoes(other, each) for other in meant)]
    near = [each for each in kept if each is kept[0] or _near(each, kept[0])]
    if any(each.barren for each in near) and not all(each.barren for each in near):
        kept = [each for each in kept if not (each.barren and each in near)]
    best, rivals = kept[0], [other for other in kept[1:] if _near(other, kept[0])]
    if not rivals and not any(group.weight >= best.group.weight for group in untried):
        return best.plan
    told = [(said, each.group) for each in (best, *rivals) for said in each.plan.candidates or (each.plan.explanation,)]
    candidates = dict.fromkeys(f"{said} [{_domains(group)}]" for said, group in told)
    return Plan("ambiguous", AMBIGUOUS, candidates=tuple(candidates)[:CANDIDATES], cost=best.plan.cost)


def _outdoes(one: _Meant, other: _Meant) -> bool:
    """Whether one knows all the words that the other knows and more, at a price."""
    return other.group.names < one.group.names and one.plan.cost <= other.plan.cost + _MORE


def _near(rival: _Meant, best: _Meant) -> bool:
    """Whether a rival could be meant as well.

    Rows of what is called so are rather counted than the values of a column elsewhere. What is alike or was met in part
    only is not told apart by little, nor are students here from those of a domain that is called so; but a rival that
    is ambiguous itself would not be answered.
    """
    apart = _APART
    if _counts(best.plan, "count") and _counts(rival.plan, "count_distinct"):
        apart = _THINGS_APART
    elif rival.plan.status == "answered" and (
        best.plan.cost > _DOUBTFUL or _alike(rival, best) or _at_home(rival, best)
    ):
        apart = _FAR_APART
    return rival.plan.cost <= best.plan.cost + apart


def _alike(one: _Meant, other: _Meant) -> bool:
    """Whether both compute the same, and know the same of the words, of which there are two or more."""
    if one.plan.intent is None or other.plan.intent is None or one.group.names != other.group.names:
        return False
    return len(one.group.names) > 1 and shape(one.plan.intent) == shape(other.plan.intent)


def _at_home(rival: _Meant, best: _Meant) -> bool:
    """Whether both know the same of the words, and one of them is what the rival's domain is called."""
    return rival.group.at_home and not best.group.at_home and rival.group.names == best.group.names


def _counts(plan: Plan, fn: str) -> bool:
    """Whether all that is asked is how many: rows (count), or different values of a column (count_distinct)."""
    match plan.intent:
        case intent.Select(outputs=(intent.Output(item=intent.Measure() as measure),), where=None, group=()):
            return measure.fn == fn and isinstance(measure.of, intent.Attr if fn == "count_distinct" else NoneType)
    return False


def _domains(group: Group) -> str:
    """Where a group of tables is at home."""
    return ", ".join(sorted({table.partition(".")[0] for table in group.tables}))
