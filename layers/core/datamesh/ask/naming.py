"""What the things of the schema may be called in a question, and what each form of a name costs to believe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from datamesh.ask.lexicon.english import SHELL_WORDS, TAIL_WORDS
from datamesh.ask.views import ColumnView, Stems, TableView, rest
from datamesh.ask.words import name_words, stem, stems, value_key

__all__ = ["Names", "Target"]

_SHORT, _WITH_NOUN, _HEAD_WITH_NOUN = 0.1, 0.05, 0.1
_CALLED = 0.2  # what a thing is called by is its name, whatever the column is called
_SHELLED = 0.2  # a table's noun without words like detail, list, dim
_LAST_WORD = 0.6
_NO_TAIL, _NO_TAIL_WITH_NOUN = 0.4, 0.45  # the type, for the type code
_BEFORE_OF = 0.4  # the day, for the day of the month
_NOT_THE_ID = 0.5  # `id` alone is the key, not another id
_PARTLY, _RATHER_A_THING = 0.3, 0.8  # a name said in part only, where the words are just a table's noun
_ID, _NAME, _NUMBER = ("id",), (stem("name"),), stem("number")
_SHELLS = frozenset(stem(word) for word in SHELL_WORDS)
_TAILS = frozenset(stem(word) for word in TAIL_WORDS)


@dataclass(frozen=True)
class Target:
    """Something of the schema that words may mean, and what believing it costs. `qualified`: they named the table."""

    kind: Literal["table", "column", "measure"]
    table: str
    name: str
    cost: float
    qualified: bool = False


@dataclass
class Names:
    """Stems to what they may mean, the likeliest first. `spoken`: every word of a name as it is written."""

    targets: dict[Stems, list[Target]] = field(default_factory=dict)
    spoken: set[str] = field(default_factory=set)
    longest: int = 1

    @classmethod
    def of(cls, tables: Iterable[Names]) -> Names:
        """Those of several tables together, each made by `add_table`."""
        together = cls()
        for names in tables:
            for words, targets in names.targets.items():
                together.targets.setdefault(words, []).extend(targets)
            together.spoken |= names.spoken
            together.longest = max(together.longest, names.longest)
        for targets in together.targets.values():
            targets.sort(key=_by_cost)
        together.prefer_things()
        return together

    def add_table(self, view: TableView) -> None:
        for noun in view.nouns:
            self._add(noun, Target("table", view.name, "", 0.0))
            if len(noun) > 1:
                self._add(noun[-1:], Target("table", view.name, "", _LAST_WORD))
            self._add(tuple(w for w in noun if w not in _SHELLS), Target("table", view.name, "", _SHELLED))
        for column in view.columns.values():
            self._add_column(view, column)
        for measure in view.measures.values():
            for words in (measure.words, *measure.synonyms, stems(" ".join(name_words(measure.name)))):
                self._add(words, Target("measure", view.name, measure.name, 0.0))
        for column in (*view.columns.values(), *view.measures.values()):
            self.spoken.update(value_key(column.label).split(), name_words(column.name))
        if len(view.shown_by) == 1 and view.shown_by != view.key:
            for words in (_NAME, *(noun + _NAME for noun in view.nouns)):
                self._add(words, Target("column", view.name, view.shown_by[0], _CALLED, words != _NAME))

    def _add_column(self, view: TableView, column: ColumnView) -> None:
        for words, cost, qualified in _phrases(column, view.nouns):
            if words in view.nouns and not _may_share_noun(view, column):
                continue
            other_id = _NOT_THE_ID if words == _ID and view.key != (column.name,) else 0.0
            self._add(words, Target("column", view.name, column.name, cost + other_id, qualified))

    def _add(self, words: Stems, target: Target) -> None:
        """Each meaning once, at its lowest cost."""
        known = self.targets.setdefault(words, []) if words else []
        same = [t for t in known if (t.kind, t.table, t.name) == (target.kind, target.table, target.name)]
        if same and same[0].cost <= target.cost:
            return
        known[:] = sorted([t for t in known if t not in same] + [target], key=_by_cost)
        self.longest = max(self.longest, len(words))

    def prefer_things(self) -> None:
        """Once all tables are in: what is just the noun of one is less likely to be part of another name."""
        for targets in self.targets.values():
            if any(t.kind == "table" and not t.cost for t in targets):
                dearer = [replace(t, cost=t.cost + _RATHER_A_THING) if t.cost >= _PARTLY else t for t in targets]
                targets[:] = sorted(dearer, key=_by_cost)


def _by_cost(target: Target) -> tuple[float, str, str]:
    return target.cost, target.table, target.name


def _may_share_noun(view: TableView, column: ColumnView) -> bool:
    """Whether the table's own noun may mean a column of it, too: what a row is called by, or how many it stands for."""
    named = column.name in view.shown_by and view.shown_by != view.key
    return named or (column.kind == "number" and column.name not in view.key)


def _phrases(column: ColumnView, nouns: tuple[Stems, ...]) -> Iterator[tuple[Stems, float, bool]]:
    """What a column may be called, what each form costs, and whether it names the table."""
    for words in dict.fromkeys((column.words, stems(" ".join(name_words(column.name))), *column.synonyms)):
        short = rest(words, nouns)
        yield words, 0.0, short != words
        yield short, _SHORT, False
        for noun in nouns:
            yield noun + short, _WITH_NOUN, True
            yield noun[-1:] + short, _HEAD_WITH_NOUN, True
        if words[:1] == (_NUMBER,) and "of" not in words:
            yield (_NUMBER, "of", *words[1:]), 0.0, False
        if "of" in short[1:]:
            yield short[: short.index("of")], _BEFORE_OF, False
        if len(short) > 1:
            yield short[-1:], _LAST_WORD, False
            if short[-1] in _TAILS:
                yield short[:-1], _NO_TAIL, False
                yield from ((noun[-1:] + short[:-1], _NO_TAIL_WITH_NOUN, True) for noun in nouns)
