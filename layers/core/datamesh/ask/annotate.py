"""What each stretch of a question may be: operator, name of the schema, value, number, date. Nothing is decided yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from datamesh.ask.combined import place_in_place, with_months
from datamesh.ask.dates import GRAINS, Period, periods
from datamesh.ask.lattice import UNIT_STEMS, Lattice, Literal, Name, Operator
from datamesh.ask.lexicon.english import CARRIERS, EMPTY_WORDS, FUNCTION_WORDS, ORDINALS, ROW_WORDS, SPELLED
from datamesh.ask.lexicon.operators import OPERATORS
from datamesh.ask.names.apart import apart
from datamesh.ask.names.doers import mistaken
from datamesh.ask.names.naming import PARTLY, Target
from datamesh.ask.names.persons import MOST_WORDS, people
from datamesh.ask.names.spelling import VERB_STEMS, done_by, misspelt
from datamesh.ask.names.units import in_unit
from datamesh.ask.names.values import Hit
from datamesh.ask.names.vocabulary import Vocabulary
from datamesh.ask.names.words import Token, asks_who, name_words, singular, stem, tokens, value_key

__all__ = ["annotate", "sayable"]

_SAYABLE = FUNCTION_WORDS | {word for begun in OPERATORS.values() for phrase in begun for word in phrase}
_HOMES = [[at, this] for at in ("in", "at", "of") for this in ("this", "the", "our")]
_PART_OF_NAME = 0.6
_CARRIERS = {stem(word): kinds for word, kinds in CARRIERS.items()}
_GRAINS = frozenset(stem(word) for word in GRAINS) & UNIT_STEMS
_LOWER_CASE = 0.4  # a value in small letters that could be a plain word
_VERB_TOO = 0.6
_PLURAL = 0.3
_CARRIED = 0.25


def annotate(question: str, vocabulary: Vocabulary, today: date) -> Lattice:
    words = tuple(token for token in tokens(question) if token.fold not in EMPTY_WORDS)
    lattice = Lattice(words, vocabulary, read=[_plain(token) for token in words])
    lattice.spelt = vocabulary.names.spellings(words)
    _annotate(lattice, vocabulary, today)
    if lattice.unread and _mistyped(lattice, vocabulary):
        _annotate(lattice, vocabulary, today)
    return lattice


def _mistyped(lattice: Lattice, vocabulary: Vocabulary) -> bool:
    """Whether words that nothing was found for are, but for a letter, words of a name: then they stand for these."""
    for i, token in enumerate(lattice.tokens):
        if lattice.read[i]:
            continue
        if near := vocabulary.names.spelling.mistyped(token.stem):
            lattice.spelt[i] = near
            lattice.corrected.append(token.text)
        elif meant := misspelt(token.fold, _SAYABLE):
            word = replace(token, fold=meant, stem=stem(meant))
            lattice.tokens = (*lattice.tokens[:i], word, *lattice.tokens[i + 1 :])
            lattice.spelt[i] = []
            lattice.read[i] = meant in FUNCTION_WORDS
            lattice.corrected.append(token.text)
    return bool(lattice.corrected)


def _annotate(lattice: Lattice, vocabulary: Vocabulary, today: date) -> None:
    span = range(len(lattice.tokens))
    lattice.operators = {i: _operators(lattice, i) for i in span}
    lattice.names = with_months({i: _names(lattice, vocabulary, i) for i in span}, lattice)
    literals = {i: _literals(lattice, vocabulary, i) for i in span}
    lattice.literals = _whole_names({i: [*place_in_place(lattice, literals, i), *literals[i]] for i in span})
    lattice.deeds = {i: name for i in span if lattice.relation(i) and (name := _deed(lattice, vocabulary, i))}
    lattice.periods = {i: _periods(lattice, i, today) for i in span}


def sayable(words: tuple[Token, ...]) -> list[bool]:
    """Which words say how something is asked, not what of: in order, per month, numbers and the units behind them."""
    said = [t.kind in ("number", "mark") or t.fold in SPELLED or t.stem in _GRAINS for t in words]
    said = [here or (i > 0 and said[i - 1] and words[i].stem in UNIT_STEMS) for i, here in enumerate(said)]
    lattice = Lattice(words, Vocabulary(), read=said)
    for i, token in enumerate(words):
        said[i] = said[i] or token.fold in FUNCTION_WORDS
        _operators(lattice, i)
    return said


def _plain(token: Token) -> bool:
    """Words that need nothing of the schema to be read: grammar, relations, numbers, punctuation, quoted text."""
    if token.kind in ("number", "mark", "quoted") or token.fold in SPELLED or token.fold in ORDINALS:
        return True
    return token.fold in FUNCTION_WORDS or token.stem in VERB_STEMS or token.stem in UNIT_STEMS


def _mark(lattice: Lattice, i: int, end: int) -> None:
    lattice.read[i:end] = [True] * (end - i)


def _operators(lattice: Lattice, i: int) -> list[Operator]:
    words = lattice.tokens
    if words[i].kind == "quoted":
        return []
    found = []
    for phrase, meanings in OPERATORS.get(words[i].fold, {}).items():
        end = i + len(phrase)
        if tuple(t.fold for t in words[i:end] if t.kind != "quoted") == phrase:
            found += [Operator(category, payload, i, end) for category, payload in meanings]
            _mark(lattice, i, end)
    if end := _at_home(lattice, i):
        found.append(Operator("tail", "", i, end))
        _mark(lattice, i, end)
    return found


def _at_home(lattice: Lattice, i: int) -> int:
    """After: [are] in this shop, where shop is the domain, and nothing in it is called so."""
    words, vocabulary = lattice.tokens, lattice.vocabulary
    at = i + (words[i].fold in ("is", "are", "were", "was"))
    if [word.fold for word in words[at : at + 2]] not in _HOMES or at + 2 >= len(words):
        return 0
    home = words[at + 2].fold
    names = (name_words(domain) for domain in vocabulary.domains)
    said = any([word for word in name if not word.isdigit()][-1:] == [home] for name in names)
    return at + 3 if said and (stem(home),) not in vocabulary.names.targets else 0


def _names(lattice: Lattice, vocabulary: Vocabulary, i: int) -> list[Name]:
    """The longest first."""
    words = lattice.tokens
    found: dict[int, Name] = {}
    for end, targets in vocabulary.names.begin(words, lattice.spelt, i):
        token = words[end - 1]
        mere = token.fold in FUNCTION_WORDS and not asks_who(words, i)
        if end - i == 1 and (mere or _counting(lattice, i) or _which(words, i)):
            continue
        verb = done_by(token) and token.fold not in vocabulary.names.spoken
        if end - i > 1 and verb and words[end - 2].fold != "of":
            continue  # stores named X: a verb, not their name
        if kept := [target for target in targets if not mistaken(words[i:end], target, vocabulary)]:
            found[end] = _name(lattice, i, end, kept)
    for end, name in list(found.items()):
        known = found.get(end + 1)
        whole = known is not None and known.targets[0].cost < PARTLY
        if not whole and (carried := _carried(lattice, vocabulary, name)):
            found[end + 1] = replace(carried, targets=(*(known.targets if known else ()), *carried.targets))
        if things := _rows_of(lattice, name):
            found.setdefault(end + 1, things)
        behind, fitting = in_unit(words, end, name.targets, vocabulary)
        if fitting:
            found.setdefault(behind, _name(lattice, i, behind, fitting))
    return [*sorted(found.values(), key=lambda name: -name.end), *_apart(lattice, vocabulary, i)]


def _apart(lattice: Lattice, vocabulary: Vocabulary, i: int) -> Iterator[Name]:
    """Names a part of which stands elsewhere."""
    words = lattice.tokens
    if words[i].kind == "word":
        for end, text, targets in dict.fromkeys(apart(words, i, vocabulary.names.targets)):
            _mark(lattice, i, end)
            yield Name(i, end, text, targets, (words[i].start, words[end - 1].end))


def _deed(lattice: Lattice, vocabulary: Vocabulary, i: int) -> Name | None:
    """The things that keep what a verb says is done; one that is a value (shipped) is rather that."""
    targets = () if lattice.literals[i] else vocabulary.names.deed(lattice.tokens[i].stem)
    return _name(lattice, i, i + 1, targets) if targets else None


def _name(lattice: Lattice, i: int, end: int, targets: Sequence[Target]) -> Name:
    words = lattice.tokens[i:end]
    _mark(lattice, i, end)
    return Name(i, end, " ".join(t.text for t in words), tuple(targets), (words[0].start, words[-1].end))


def _carried(lattice: Lattice, vocabulary: Vocabulary, name: Name) -> Name | None:
    """Phone number, market value, enrollment size: a word that only says what kind of thing the column holds.

    The number of card types is none of a card.
    """
    end, words = name.end, lattice.tokens
    of = any(word.fold == "of" for word in words[name.start : end])
    kinds = _CARRIERS.get(stem(singular(words[end].fold))) if end < len(words) and not of else None
    fitting = [replace(t, cost=t.cost + _CARRIED) for t in name.targets if kinds and _carries(vocabulary, t, kinds)]
    return _name(lattice, name.start, end + 1, fitting) if fitting else None


def _rows_of(lattice: Lattice, name: Name) -> Name | None:
    """Election records: rows of elections."""
    things = [replace(t, cost=t.cost + _CARRIED) for t in name.targets if t.kind == "table" and t.cost < PARTLY]
    rows = name.end < len(lattice.tokens) and singular(lattice.tokens[name.end].fold) in ROW_WORDS
    return _name(lattice, name.start, name.end + 1, things) if things and rows else None


def _carries(vocabulary: Vocabulary, target: Target, kinds: frozenset[str]) -> bool:
    """Whether a column, named in whole, holds such things itself: the name of a depot is not in a key to depots."""
    if target.kind != "column" or target.cost >= PARTLY or target.name in vocabulary.tables[target.table].foreign:
        return False
    return bool(vocabulary.column(target.table, target.name).holds & kinds)


def _counting(lattice: Lattice, i: int) -> bool:
    """Whether a word counts here: the number of flights is not the flight's number."""
    return any(op.category == "count" and op.end > i + 1 for op in lattice.operators.get(i, ()))


def _which(words: tuple[Token, ...], i: int) -> bool:
    """Whether first and last say which of several; first and last names are said together: first and last name."""
    after = words[i + 1].fold if i + 1 < len(words) else ""
    return words[i].fold in ("first", "last") and after not in ("and", "or", ",", "/")


def _literals(lattice: Lattice, vocabulary: Vocabulary, i: int) -> list[Literal]:
    """Quoted text; or the values that the words from here on begin with, the longest first."""
    first = lattice.tokens[i]
    if first.kind == "quoted":
        known = tuple(vocabulary.values.find(first.text))
        named = people(vocabulary, value_key(first.text).split())
        return [Literal(i, i + 1, first.text, known, True, 0.0, (first.start, first.end), named)]
    if first.kind == "mark":
        return []
    pieces, owner = _pieces(lattice.tokens, i)
    found = []
    for length, hits, plural in vocabulary.values.spans(pieces):
        end = owner[length - 1] + 1
        if length < len(pieces) and owner[length] == owner[length - 1]:
            continue  # it ends inside a token
        meant = [hit for hit in hits if not plural or hit.named or (first.capital and i)]  # of nouns and of names
        if meant and (literal := _literal(lattice, i, end, meant)):
            found.append(replace(literal, cost=literal.cost + _PLURAL) if plural else literal)
    return [*_people(lattice, vocabulary, i), *found[::-1]]


def _whole_names(found: dict[int, list[Literal]]) -> dict[int, list[Literal]]:
    """Eva Braun is one person: neither word is rather a value of its own."""
    whole = [said for literals in found.values() for said in literals if said.people]

    def weighed(said: Literal) -> Literal:
        part = not said.people and any(name.start <= said.start and said.end <= name.end for name in whole)
        return replace(said, cost=said.cost + _PART_OF_NAME) if part else said

    return {i: [weighed(said) for said in literals] for i, literals in found.items()}


def _people(lattice: Lattice, vocabulary: Vocabulary, i: int) -> Iterator[Literal]:
    for end in range(i + 2, min(len(lattice.tokens), i + MOST_WORDS) + 1):
        words = lattice.tokens[i:end]
        if not all(token.kind == "word" and token.capital for token in words):
            return
        if (named := people(vocabulary, [token.fold for token in words])) and (said := _literal(lattice, i, end, ())):
            yield replace(said, people=named)


def _literal(lattice: Lattice, i: int, end: int, hits: Sequence[Hit]) -> Literal | None:
    cost = _doubt(lattice, i, end)
    if cost is None:
        return None
    _mark(lattice, i, end)
    words = lattice.tokens[i:end]
    text = " ".join(token.text for token in words)
    return Literal(i, end, text, tuple(hits), quoted=False, cost=cost, span=(words[0].start, words[-1].end))


def _pieces(words: tuple[Token, ...], i: int) -> tuple[list[str], list[int]]:
    """The words from token `i` on as values are compared, and which token each is part of."""
    pieces: list[str] = []
    owner: list[int] = []
    for at in range(i, min(len(words), i + 12)):
        if words[at].kind == "quoted":
            break
        parts = _parts(words[at])
        pieces += parts
        owner += [at] * len(parts)
    return pieces, owner


def _parts(token: Token) -> list[str]:
    return [part for part in "".join(c if c.isalnum() else " " for c in token.fold).split() if part]


def _doubt(lattice: Lattice, i: int, end: int) -> float | None:
    """What it costs to take these words for a value; None where they are a number or grammar."""
    words = lattice.tokens[i:end]
    first = words[0]
    if len(words) == 1 and first.fold in FUNCTION_WORDS:
        return None if i == 0 or first.text.islower() else 0.3
    if len(words) == 1 and first.kind == "number":
        return None
    if any(token.capital and at for at, token in enumerate(words, start=i)):
        return 0.0
    if len(words) > 1:
        return 0.1
    return _LOWER_CASE + (_VERB_TOO if first.stem in VERB_STEMS else 0.0)


def _periods(lattice: Lattice, i: int, today: date) -> list[tuple[int, Period]]:
    found = list(periods(lattice.tokens, i, today))
    for end, _ in found:
        _mark(lattice, i, end)
    return found
