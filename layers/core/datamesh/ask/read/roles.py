"""Which of several ways to the same thing, which of several columns with the same value: the words around tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from datamesh.ask.intent import Edge
from datamesh.ask.lexicon.english import ROLES
from datamesh.ask.names.joins import Walk
from datamesh.ask.names.spelling import family
from datamesh.ask.names.views import Stems
from datamesh.ask.names.vocabulary import Vocabulary
from datamesh.ask.names.words import in_words, name_words, stem, stems

__all__ = ["Roles", "whose"]

_WRONG_ROLE = 1.5
_WHOSE = ("of", "have", "for", "with")
_TO_ITS_LIKE = 0.3
_ROLES = {stem(word): frozenset(map(stem, roles)) for word, roles in ROLES.items()}
Words = frozenset[str]


@dataclass
class Roles:
    """What it costs that words do not fit, where something else stands by that they do."""

    vocabulary: Vocabulary
    _known: dict[tuple[str, Edge], Words] = field(default_factory=dict)

    def of_walk(self, walk: Walk, hint: Iterable[str]) -> float:
        """Flights to Boston: over the destination, not over the origin."""
        for edge in walk.path:
            owner = walk.owner(edge)
            rivals = [e for e in self._edges(owner) if (e.to, e.many) == (edge.to, edge.many) and e != edge]
            if rivals:
                fit = _fit(hint, self._edge(owner, edge), [self._edge(owner, rival) for rival in rivals])
                return self._as_kin(owner, edge, hint) if fit is None else fit
        return 0.0

    def of_doer(self, walk: Walk, ways: Iterable[Walk], hint: tuple[str, ...]) -> float:
        """Who manages Globex: those who are its manager, not who answers its tickets; and no manager is managed by
        Globex."""
        if len(hint) != 1:
            return 0.0
        if walk.end != walk.start and self.among_themselves(walk.end, hint):
            return _WRONG_ROLE  # who manages Eva: one of her like
        if walk.path and not walk.path[0].many:
            return _WRONG_ROLE * self._by_doer(walk, hint[0])
        return _WRONG_ROLE * (any(self._by_doer(way, hint[0]) for way in ways) and not self._by_doer(walk, hint[0]))

    def _by_doer(self, walk: Walk, verb: str) -> bool:
        """Whether a way begins at a key that is called after the doers of a verb, on whichever side that is."""
        if not walk.path:
            return False
        edge = walk.path[0]
        return any(self._does(name, verb) for name in (edge.to_columns if edge.many else edge.columns))

    @staticmethod
    def _does(column: str, verb: str) -> bool:
        """Whether a key is called after those who do what a verb says: the manager, of manage."""
        doers = (stem(word) for word in name_words(column) if word.endswith(("er", "or")))
        return any(verb in (doer, *family(doer)) for doer in doers)

    def among_themselves(self, table: str, hint: tuple[str, ...]) -> list[Walk]:
        """To another row of the same table, where the words say in which role: (who) reports to, is managed by."""
        found = []
        for edge in self.vocabulary.graph.own.get(table, ()):
            near = edge.to_columns if edge.many else edge.columns
            said = {*hint, *(role for word in hint for role in _ROLES.get(word, ()))}
            words = frozenset().union(*(self.vocabulary.column(table, name).all_words for name in near))
            named = said & words.union(*map(family, words))
            doing = len(hint) == 1 and any(self._does(name, hint[0]) for name in near)
            if named and doing == edge.many:
                found.append(Walk(table, (edge,), _TO_ITS_LIKE))
        return found

    def of_way(self, walk: Walk, ways: Iterable[Walk], hint: Iterable[str]) -> float:
        """Members who registered at a branch: over the registrations, not over the purchases; and not over the branch
        that each member has."""
        mine = self._between(walk)
        others = [words for way in ways if (words := self._between(way)) != mine]
        return (_fit(hint, mine or self._first(walk), others) or 0.0) if walk.path and others else 0.0

    def _first(self, walk: Walk) -> Words:
        """The words of the step that leads there."""
        return self._edge(walk.start, walk.path[0])

    def _between(self, walk: Walk) -> Words:
        """The words of the tables on the way."""
        tables = (self.vocabulary.tables[edge.to] for edge in walk.path[:-1])
        return frozenset(word for table in tables for noun in table.nouns for word in noun)

    def of_other(self, walk: Walk, noun: Stems) -> float:
        """Friends of a person: the key called friend leads to these; the person stands in the other one."""
        edge = walk.path[0] if len(walk.path) == 1 else None
        if edge is None or not edge.many or not noun:
            return 0.0
        rivals = [e for e in self._edges(walk.start) if (e.to, e.many) == (edge.to, True) and e != edge]
        named = any(tuple(self.vocabulary.column(edge.to, name).words) == noun for name in edge.to_columns)
        return _WRONG_ROLE if rivals and named else 0.0

    def of_column(self, table: str, column: str, hint: Iterable[str], holders: Iterable[str]) -> float:
        """The same for columns of one table: those that lead to the same thing, or hold the same value."""
        foreign = self.vocabulary.tables[table].foreign
        to = foreign.get(column)
        rivals = {name for name, other in foreign.items() if to and other == to}.union(holders) - {column}
        if not rivals:
            return 0.0
        fit = _fit(hint, self._column(table, column), [self._column(table, rival) for rival in sorted(rivals)])
        return self._side(table, column, own=whose(hint)) if fit is None else fit

    def _as_kin(self, owner: str, edge: Edge, hint: Iterable[str]) -> float:
        """Where no word tells: a person has the friends whose row is theirs."""
        if edge.many:
            return self._side(edge.to, edge.to_columns[0], own=True)
        return self._side(owner, edge.columns[0], own=whose(hint))

    def _side(self, table: str, column: str, *, own: bool) -> float:
        """Friends of Bob, that Bob has: the row is Bob's own. Friends in Boston: they are there."""
        kin = self.vocabulary.tables[table].kin
        return _WRONG_ROLE if kin and column in kin and (column == kin[0]) != own else 0.0

    def _edges(self, table: str) -> list[Edge]:
        return self.vocabulary.graph.edges.get(table, [])

    def _edge(self, owner: str, edge: Edge) -> Words:
        """The words of the relationship and of its key, on whichever side that is."""
        if (owner, edge) not in self._known:
            table, columns = (edge.to, edge.to_columns) if edge.many else (owner, edge.columns)
            keys = [self.vocabulary.column(table, column).all_words for column in columns]
            named = stems(in_words(edge.relationship))
            self._known[owner, edge] = frozenset(named).union(*keys)
        return self._known[owner, edge]

    def _column(self, table: str, column: str) -> Words:
        edges = [self._edge(table, edge) for edge in self._edges(table) if edge.columns == (column,)]
        return self.vocabulary.column(table, column).all_words.union(*edges)


def whose(hint: Iterable[str]) -> bool:
    """Whether words say to whom something belongs: (the friends) of Bob, with Bob, that Bob has."""
    return next(iter(hint), "") in _WHOSE


def _families(words: Words) -> Words:
    """With what is of one family with them: assigned to, of an assignee."""
    return words.union(*map(family, words))


def _fit(hint: Iterable[str], mine: Words, others: Iterable[Words]) -> float | None:
    """Nothing if the words name me, much if they name another; None if nobody. The last word that tells decides."""
    mine, theirs = _families(mine), _families(frozenset().union(*others))
    for word in reversed(tuple(hint)):
        said = {word, *_ROLES.get(word, ()), *family(word)}
        if said & (mine - theirs):
            return 0.0
        if said & (theirs - mine):
            return _WRONG_ROLE
    return None
