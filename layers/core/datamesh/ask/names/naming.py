"""What the things of the schema may be called in a question, and what each form of a name costs to believe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from datamesh.ask.lexicon.synonyms import DOERS
from datamesh.ask.names.phrases import ANYBODY, column_phrases, other_nouns, table_phrases
from datamesh.ask.names.spelling import Spelling, doing
from datamesh.ask.names.views import ColumnView, Stems, TableView
from datamesh.ask.names.words import Token, asks_who, name_words, singular, stem, value_key

__all__ = ["PARTLY", "Names", "Target"]

_AT_HOME = 0.05  # said with the domain
_CALLED = 0.2  # what a thing is called by is its name, whatever the column is called
_IN_TWO = 1.0  # half of what a person is called by is not their name
_NOT_THE_ID = 0.5  # `id` alone is the key, not another id
PARTLY = 0.3  # from this cost on a name was said in part only
_RATHER_A_THING = 0.8  # such a part, or another thing's noun, where the words are just a table's noun
_HEADLESS = 0.9  # from this cost on a name was said without its head
_CALLED_BY = 0.6  # at most this is what a part of its noun costs that calls a thing
_JOINED = 0.1  # two words written as one, or one as two
_WAYS = 12  # spellings of one stretch that are followed
_DOING = 0.9  # whom `who` asks for are those who do something
_ARTICLE = 0.4  # an article inside a name, where a thing could be named
_ARTICLES, _JOINTS = ("the", "a", "an"), ("of", "in", "for")
_ID, _NAME = ("id",), (stem("name"),)
_FULL_NAME = ("full", *_NAME)


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
    spelling: Spelling = field(default_factory=Spelling)
    keys: set[tuple[str, str]] = field(default_factory=set)  # columns that identify
    doers: set[str] = field(default_factory=set)  # stems of tables that are called by what people do
    doings: dict[str, list[Target]] = field(default_factory=dict)  # verbs inside the names of tables
    _begun: set[Stems] = field(default_factory=set)

    @classmethod
    def of(cls, tables: Iterable[Names]) -> Names:
        """Those of several tables together, each made by `add_table`."""
        together = cls()
        for names in tables:
            for words, targets in names.targets.items():
                together.targets.setdefault(words, []).extend(targets)
            for verb, targets in names.doings.items():
                together.doings.setdefault(verb, []).extend(targets)
            together.spoken |= names.spoken
            together.doers |= names.doers
            together.keys |= names.keys
            together.longest = max(together.longest, names.longest)
        together.prefer_things()
        return together

    def add_table(self, view: TableView) -> None:
        if verb := doing(name_words(view.name.rpartition(".")[2])):
            self.doings[verb] = [Target("table", view.name, "", _CALLED)]
        last = singular(name_words(view.name.rpartition(".")[2])[-1])
        if last in DOERS:
            self.doers.add(stem(last))
        for noun in view.nouns:
            for words, cost in table_phrases(noun):
                self._add(words, Target("table", view.name, "", cost))
        for words, cost in other_nouns(view):
            self._add(words, Target("table", view.name, "", cost))
        for column in view.columns.values():
            self._add_column(view, column)
        for measure in view.measures.values():
            for words in (*measure.spelt, *measure.synonyms):
                self._add(words, Target("measure", view.name, measure.name, 0.0))
        self._add_spoken(view)

    def _add_spoken(self, view: TableView) -> None:
        """Which columns identify, the words as they are written, and what a row is called by."""
        self.keys.update((view.name, column.name) for column in view.columns.values() if column.identifies)
        for column in (*view.columns.values(), *view.measures.values()):
            self.spoken.update(value_key(column.label).split(), name_words(column.name))
        for name in view.shown_by if view.shown_by != view.key else ():
            cost = _CALLED if len(view.shown_by) == 1 else _IN_TWO
            for words in (_NAME, *(noun + _NAME for noun in view.nouns), _FULL_NAME):
                self._add(words, Target("column", view.name, name, cost, len(words) > 1))

    def add_domain(self, view: TableView) -> None:
        """A table's nouns behind its domain: the orders of sales are sales orders."""
        said = [word for word in name_words(view.name.partition(".")[0]) if not word.isdigit()]
        domain = tuple(stem(word) for word in said)
        for noun in view.nouns if len(domain) == 1 else ():
            self._add(domain + noun, Target("table", view.name, "", _AT_HOME))
        self.spoken.update(said)

    def _add_column(self, view: TableView, column: ColumnView) -> None:
        for phrase in column_phrases(column, view.nouns):
            if phrase.words in view.nouns and not _may_share_noun(view, column):
                continue
            other_id = _NOT_THE_ID if phrase.words == _ID and view.key != (column.name,) else 0.0
            target = Target("column", view.name, column.name, phrase.cost + other_id, phrase.qualified)
            self._add(phrase.words, target)

    def _add(self, words: Stems, target: Target) -> None:
        """Each meaning once, at its lowest cost."""
        known = self.targets.setdefault(words, []) if words else []
        for at, other in enumerate(known):
            if (other.kind, other.table, other.name) == (target.kind, target.table, target.name):
                if target.cost < other.cost:
                    known[at] = target
                return
        known.append(target)

    def prefer_things(self) -> None:
        """Once all tables are in: what is just the noun of one is less likely to be part of another name."""
        for words, targets in self.targets.items():
            thing = min((t.cost for t in targets if t.kind == "table"), default=None)
            if thing is not None and thing <= _CALLED_BY:
                targets[:] = [replace(t, cost=t.cost + _rather(t, thing)) for t in targets if not self._part(t, thing)]
            targets.sort(key=_by_cost)
            self.longest = max(self.longest, len(words))
            self._begun.update(words[:n] for n in range(1, len(words)))

        for word in {word for words in self.targets for word in words}:
            self.spelling.add(word)

    def _part(self, target: Target, thing: float) -> bool:
        """Whether a name is said without what it is of, and that is just a thing's noun: products are no number of
        product categories. The key of a product may stand for it."""
        if target.kind == "table" and target.cost == ANYBODY and not thing:
            return True  # teachers, where a table is called so, are not the people of a list
        headless = target.kind == "column" and target.cost >= _HEADLESS and not thing
        return headless and (target.table, target.name) not in self.keys

    def spellings(self, tokens: Sequence[Token]) -> list[list[tuple[str, float]]]:
        """The words of names that each word of a question may stand for."""
        return [self._spellings(tokens, i) for i in range(len(tokens))]

    def _spellings(self, tokens: Sequence[Token], i: int) -> list[tuple[str, float]]:
        if asks_who(tokens, i):
            return [*self.spelling.persons(), *((word, _DOING) for word in sorted(self.doers))]
        return [] if tokens[i].kind in ("quoted", "mark") else self.spelling.meant(tokens[i])

    def deed(self, verb: str) -> tuple[Target, ...]:
        """The tables that are called after a verb: nominations, for nominated; damaged_parts, for damaged."""
        words = dict.fromkeys([verb, *self.spelling.family_of(verb)])
        found = [t for word in words for t in self.targets.get((word,), ()) if t.kind == "table"]
        found = found or self.doings.get(verb, [])
        return tuple(sorted(found, key=_by_cost))

    def begin(
        self, tokens: Sequence[Token], spelt: Sequence[Sequence[tuple[str, float]]], i: int
    ) -> Iterator[tuple[int, tuple[Target, ...]]]:
        """The names that begin at token `i`: where each ends, and what it may mean, the likeliest first."""
        ways: list[tuple[Stems, float]] = [((), 0.0)]
        joined: list[tuple[Stems, float]] = []
        for end in range(i + 1, min(len(tokens), i + self.longest + 1) + 1):
            if end > i + 1 and tokens[end - 1].fold in _ARTICLES and tokens[end - 2].fold in _JOINTS:
                ways = [(words, cost + _ARTICLE) for words, cost in ways]  # the date of the latest logon
                continue
            if not spelt[end - 1] and not joined:
                after: list[tuple[Stems, float]] = []
            else:
                after = [((*words, word), cost + more) for words, cost in ways for word, more in spelt[end - 1]]
            later = list(self._joined(ways, tokens, end))
            ways = self._known([*after, *joined])
            joined = later
            if found := self._targets(ways):
                yield end, found
            if not ways and not joined:
                return

    def _joined(
        self, ways: Iterable[tuple[Stems, float]], tokens: Sequence[Token], end: int
    ) -> Iterator[tuple[Stems, float]]:
        """The last of these tokens and the next one, written as one word: phone number for phonenumber."""
        if end < len(tokens) and tokens[end - 1].kind == tokens[end].kind == "word":
            word = stem(tokens[end - 1].fold + tokens[end].fold)
            if self.spelling.knows(word):
                yield from (((*words, word), cost + _JOINED) for words, cost in ways)

    def _known(self, ways: list[tuple[Stems, float]]) -> list[tuple[Stems, float]]:
        kept = [way for way in ways if way[0] in self.targets or way[0] in self._begun]
        return sorted(kept, key=lambda way: way[1])[:_WAYS]

    def _targets(self, ways: Iterable[tuple[Stems, float]]) -> tuple[Target, ...]:
        best: dict[tuple[str, str, str], Target] = {}
        for words, cost in ways:
            for target in self.targets.get(words, ()):
                if cost > _JOINED and target.cost >= PARTLY:
                    continue  # another word, and of a part only
                spelt = replace(target, cost=target.cost + cost) if cost else target
                key = (target.kind, target.table, target.name)
                if key not in best or spelt.cost < best[key].cost:
                    best[key] = spelt
        return tuple(sorted(best.values(), key=_by_cost))


def _rather(target: Target, thing: float) -> float:
    """What it costs more to be part of a name, where the words name a thing at the cost of `thing`."""
    if target.kind == "table":
        return _RATHER_A_THING if target.cost and not thing else 0.0
    return _RATHER_A_THING if target.cost >= PARTLY else 0.0


def _by_cost(target: Target) -> tuple[float, str, str]:
    return target.cost, target.table, target.name


def _may_share_noun(view: TableView, column: ColumnView) -> bool:
    """Whether the table's own noun may mean a column of it, too: what a row is called by, or how many it stands for."""
    named = column.name in view.shown_by and view.shown_by != view.key
    return named or (column.kind == "number" and column.name not in view.key)
