"""Other words of the schema that a word of a question may stand for: of its family, its synonyms, its short forms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from datamesh.ask.lexicon.english import FUNCTION_WORDS, IRREGULAR
from datamesh.ask.lexicon.synonyms import EVERYDAY, KINDS, SEEN
from datamesh.ask.lexicon.verbs import FAMILIES, FAMILY_ENDINGS, VERBS
from datamesh.ask.names.words import Token, stem

__all__ = ["VERB_STEMS", "Spelling", "doing", "done_by", "family", "misspelt", "verb_form"]

_FAMILY, _SYNONYM, _KIND, _SHORT_FORM, _TYPO = 0.4, 0.5, 0.6, 0.8, 1.2
_SHORTEST_PREFIX = 3  # letters of a short form in the schema: enr for enrollment
_SHORTEST_SLIP = 2  # no word of so few letters is one
_LONG_WORD = 7  # letters of a word of grammar that may be misspelt
_SHORTEST_TYPO = 5  # letters of a word that may be misspelt

VERB_STEMS = frozenset(stem(verb) for verb in VERBS)


def _grouped(groups: Iterable[tuple[str, ...]]) -> Mapping[str, frozenset[str]]:
    """Stem to the stems of all groups that it is in, without itself."""
    found: dict[str, set[str]] = defaultdict(set)
    for group in groups:
        members = {stem(word) for word in group}
        for member in members:
            found[member] |= members - {member}
    return {member: frozenset(others) for member, others in found.items()}


_RELATED = _grouped(FAMILIES)
_SYNONYMS = _grouped(EVERYDAY)
_PERSON = (stem("person"), stem("people"))
_KINDS: Mapping[str, frozenset[str]] = {
    general: frozenset(stem(word) for line in (*KINDS, *SEEN) if stem(line[0]) == general for word in line[1:])
    for general in {stem(line[0]) for line in (*KINDS, *SEEN)}
}


@lru_cache(maxsize=20_000)
def family(word: str) -> frozenset[str]:
    """The verb, and what is made of it, that a stem belongs to: teacher and teach; nothing for most nouns."""
    found = {word} if word in VERB_STEMS else set()
    for ending, places in FAMILY_ENDINGS.items():
        root = word.removesuffix(ending)
        if root != word:
            found |= {root + place for place in places if root + place in VERB_STEMS}
    if word in _RELATED:
        found |= {word, *_RELATED[word]}
    return frozenset(found)


def verb_form(token: Token) -> bool:
    """Whether a word is a verb by its ending: directed, flying."""
    return token.stem in VERB_STEMS and token.fold.endswith(("ed", "ing"))


def done_by(token: Token) -> bool:
    """Whether a verb says that something was done, or is being done: directed, built, flying."""
    return verb_form(token) or (token.stem in VERB_STEMS and token.fold in IRREGULAR)


def doing(words: tuple[str, ...]) -> str:
    """The verb that a table is called by beside what it was done to, as a stem: damaged parts; empty without one."""
    verb = stem(words[0]) if len(words) > 1 and words[0].endswith("ed") else ""
    return verb if verb in VERB_STEMS else ""


@dataclass
class Spelling:
    """The words of a schema's names, by what they can be found by."""

    _stems: set[str] = field(default_factory=set)
    _families: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _begin: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _deleted: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @classmethod
    def of(cls, words: Iterable[str]) -> Spelling:
        spelling = cls()
        for word in words:
            spelling.add(word)
        return spelling

    def add(self, word: str) -> None:
        """A stem that is part of a name."""
        if word in self._stems:
            return
        self._stems.add(word)
        for member in family(word):
            self._families[member].add(word)
        if len(word) >= _SHORTEST_PREFIX:
            self._begin[word[:_SHORTEST_PREFIX]].add(word)
        for shorter in _without_one(word):
            self._deleted[shorter].add(word)

    def knows(self, word: str) -> bool:
        return word in self._stems

    def meant(self, token: Token) -> list[tuple[str, float]]:
        """The stems that a word may stand for, itself first, and what each costs to believe. Enrolled is a verb."""
        found = {token.stem: 0.0} if token.stem in self._stems else {}
        if token.fold in FUNCTION_WORDS or not token.fold.isalpha() or verb_form(token):
            return list(found.items())
        for other, cost in self._others(token.stem):
            found.setdefault(other, cost)
        if not found:
            found = dict.fromkeys(self._shortened(token.fold), _SHORT_FORM)
        return list(found.items())

    def persons(self) -> list[tuple[str, float]]:
        """The names' words that are people: those whom `who` asks for."""
        known = [word for word in _PERSON if word in self._stems]
        return [(word, _KIND) for word in (*known, *sorted(self._stems & _KINDS[_PERSON[0]]))]

    def near(self, token: Token) -> dict[str, float]:
        """All stems that a word may stand for in some schema or other, and what each costs."""
        found = {token.stem: 0.0} if token.stem in self._stems else {}
        if token.fold in FUNCTION_WORDS or not token.fold.isalpha():
            return found
        for other, cost in self._others(token.stem):
            found.setdefault(other, cost)
        for other in self._begun(token.fold):
            found.setdefault(other, _SHORT_FORM)
        return found

    def family_of(self, verb: str) -> Iterator[str]:
        """The words of names that a verb is in one family with."""
        for member in family(verb):
            yield from sorted(self._families.get(member, ()))

    def _others(self, word: str) -> Iterator[tuple[str, float]]:
        for other in self.family_of(word):
            yield other, _FAMILY
        for other in _SYNONYMS.get(word, ()):
            if other in self._stems:
                yield other, _SYNONYM
        for other in sorted(self._stems & _KINDS.get(word, frozenset())):
            yield other, _KIND

    def _shortened(self, fold: str) -> list[str]:
        """Short forms that stand in a name for this word: dept_no, enr; only where there is just one."""
        found = self._begun(fold)
        return found if len(found) == 1 else []

    def _begun(self, fold: str) -> list[str]:
        begun = self._begin.get(fold[:_SHORTEST_PREFIX], ())
        return sorted(other for other in begun if len(other) <= len(fold) - 3 and fold.startswith(other))

    def mistyped(self, word: str) -> list[tuple[str, float]]:
        """The one name's word that is one letter off; none if there are several."""
        if len(word) < _SHORTEST_TYPO or not word.isalpha():
            return []
        near = {o for shorter in _without_one(word) for o in self._deleted.get(shorter, ()) if _one_off(word, o)}
        return [(other, _TYPO) for other in near] if len(near) == 1 else []


@lru_cache(maxsize=20_000)
def misspelt(word: str, known: frozenset[str]) -> str | None:
    """The one word of grammar that this is but for two letters swapped or, if it is long, for one letter inside."""
    if len(word) <= _SHORTEST_SLIP or not word.isalpha() or word in known:
        return None
    near = [other for other in known if _slip(word, other)]
    return near[0] if len(near) == 1 else None


def _slip(word: str, known: str) -> bool:
    if len(word) == len(known) and sorted(word) == sorted(known):
        at = next(n for n, (x, y) in enumerate(zip(word, known, strict=True)) if x != y)
        return _swapped(word[at:], known[at:])
    same_ends = word[0] == known[0] and word[-1] == known[-1]
    return min(len(word), len(known)) >= _LONG_WORD and same_ends and _one_off(word, known)


def _without_one(word: str) -> set[str]:
    if len(word) < _SHORTEST_TYPO - 1:
        return set()
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def _one_off(a: str, b: str) -> bool:
    """Whether one letter more, less, other, or two swapped make one word of the other."""
    if abs(len(a) - len(b)) > 1 or a == b:
        return False
    at = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return a[at + 1 :] == b[at:] or a[at:] == b[at + 1 :] or a[at + 1 :] == b[at + 1 :] or _swapped(a[at:], b[at:])


def _swapped(a: str, b: str) -> bool:
    return len(a) > 1 and len(b) > 1 and a[0] == b[1] and a[1] == b[0] and a[2:] == b[2:]
