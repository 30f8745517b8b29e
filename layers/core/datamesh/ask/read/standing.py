"""Columns whose noun stands for rows, as a table's does: branches (a branch id), home teams, delegates."""

from __future__ import annotations

from datamesh.ask.lattice import Name
from datamesh.ask.lexicon.english import LABEL_WORDS
from datamesh.ask.names.naming import PARTLY, Target
from datamesh.ask.names.vocabulary import Vocabulary
from datamesh.ask.names.words import stem, stems

__all__ = ["called_after", "calls_rows", "identifies", "leads_on", "stands_for_rows", "tells_of_rows"]

_KEY_NOUN = 0.5
_ID = stem("id")
_LABELS = frozenset(stem(word) for word in LABEL_WORDS)


def stands_for_rows(vocabulary: Vocabulary, name: Name | None) -> bool:
    """Whether a noun is a thing's: a table's, or that of a column by which rows are meant."""
    if name is None:
        return False
    first = name.targets[0]
    if first.kind != "column":
        return first.kind == "table"
    return any(stands(vocabulary, first, name.text) for stands in (identifies, leads_on, calls_rows))


def identifies(vocabulary: Vocabulary, target: Target, said: str) -> bool:
    """Whether a name is that of a key without the word that makes it one: branch, of a branch id."""
    if target.kind != "column" or target.cost >= _KEY_NOUN:
        return False
    view = vocabulary.tables[target.table]
    column = view.columns[target.name]
    own = view.key == (target.name,) and target.name not in view.foreign
    return own and column.identifies and column.words[-1:] != stems(said)[-1:]


def leads_on(vocabulary: Vocabulary, target: Target, said: str) -> bool:
    """Whether a name is that of a key by the noun of what it leads to: home teams, of a home team id."""
    return target.kind == "column" and target.cost < _KEY_NOUN and called_after(vocabulary, target, said)


def called_after(vocabulary: Vocabulary, target: Target, said: str) -> bool:
    """Whether a column leads to something that the words end in: the destination airport, not its id."""
    to = vocabulary.tables[target.table].foreign.get(target.name)
    words = stems(said)
    return to is not None and _ID not in words and any(n[-1:] == words[-1:] for n in vocabulary.tables[to].nouns)


def calls_rows(vocabulary: Vocabulary, target: Target, said: str) -> bool:
    """Whether a name is that of the text that rows are called by: the delegates, of a table of elections."""
    if target.kind != "column" or target.cost >= PARTLY or _LABELS & {*stems(said)}:
        return False
    view = vocabulary.tables[target.table]
    called = view.shown_by == (target.name,) or view.columns[target.name].unique
    return called and view.key != (target.name,) and view.columns[target.name].kind == "text"


def tells_of_rows(vocabulary: Vocabulary, target: Target) -> bool:
    """Whether rows are of one each of what a text says: the player of a season, though it is not what rows are."""
    if target.kind != "column" or target.cost >= PARTLY:
        return False
    view = vocabulary.tables[target.table]
    column = view.columns[target.name]
    return column.kind == "text" and target.name not in (*view.foreign, *view.key, *view.shown_by)
