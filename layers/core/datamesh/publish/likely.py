"""What columns of several products are likely to be for: keys, enumerations, references to each other's keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property

from datamesh.contract.draft import Reference
from datamesh.contract.infer import Facts, Guess, guess
from datamesh.engine.duck import Connection
from datamesh.publish import facts as counts
from datamesh.publish.shapes import Shape

__all__ = ["Counted", "Keys", "enum_of", "keys_of", "reference_of"]

_FEW, _OFTEN = 20, 5  # values of an enumeration, and rows for each of them
_LONGEST = 40  # characters of an enumeration's value
_ALIKE = 0.8
_COVERED, _COVERED_UNNAMED = 0.5, 0.95  # share of a column's values in a key of a similar name, of any other name
_ENOUGH = 3  # different values that say something when names say nothing
_KEYS = ("integer", "string", "timestamp", "date")


@dataclass(frozen=True)
class Counted:
    """A product's rows as text in the relation `relation`; `names` and `guesses` of its columns, by position."""

    product: str
    relation: str
    shape: Shape
    names: tuple[str, ...]
    facts: tuple[Facts, ...]
    words: tuple[str, ...]
    rows: int
    bad: int

    @cached_property
    def guesses(self) -> tuple[Guess, ...]:
        return tuple(guess(each) for each in self.facts)


@dataclass(frozen=True)
class Keys:
    """What is known of a product's columns: `missing` values, roughly how many `different` ones, the `unique` ones."""

    missing: Mapping[str, int]
    different: Mapping[str, int]
    unique: tuple[str, ...]
    key: tuple[str, ...]


def keys_of(con: Connection, product: Counted) -> Keys:
    """What tells the product's rows apart: a column, or else two or three together."""
    missing, different, unique = {}, {}, []
    for name, each, kind in zip(product.names, product.facts, product.guesses, strict=True):
        said = sum(count for word, count in each.words.items() if word not in product.words)
        missing[name] = product.rows - each.values - said
        different[name] = counts.roughly_distinct(con, product.relation, name)
        likely = different[name] >= 0.9 * product.rows and product.rows > 1 and not missing[name]
        if likely and kind.logical in _KEYS and counts.distinct(con, product.relation, [name]) == product.rows:
            unique.append(name)
    return Keys(missing, different, tuple(unique), _key(con, product, missing, different, unique))


def _key(
    con: Connection,
    product: Counted,
    missing: Mapping[str, int],
    different: Mapping[str, int],
    unique: Sequence[str],
) -> tuple[str, ...]:
    if unique:
        named = [name for name in unique if name.endswith(("id", "key", "code", "no", "number"))]
        return ((named or list(unique))[0],)
    parts = {
        name: count
        for name, count in different.items()
        if not missing[name] and count > 1 and product.guesses[product.names.index(name)].logical in _KEYS
    }
    # What tells more rows apart comes first; approximate counts are raised so that none is passed over.
    likely = dict(sorted(((name, count * 5 // 4 + 1) for name, count in parts.items()), key=lambda item: -item[1]))
    found = counts.composite_key(con, product.relation, likely, product.rows) if product.rows > 1 else ()
    return tuple(sorted(found, key=product.names.index))


def enum_of(con: Connection, product: Counted, name: str, kind: Guess, known: Keys) -> tuple[str, ...]:
    """All values of a text that has few of them, each of them often."""
    count = known.different[name]
    if kind.logical != "string" or kind.options or not 2 <= count <= _FEW or product.rows < _OFTEN * count:
        return ()
    values = counts.values_of(con, product.relation, name)
    return tuple(values) if len(values) <= _FEW and max(map(len, values)) <= _LONGEST else ()


def reference_of(
    con: Connection, product: Counted, name: str, keys: Mapping[str, Keys], all_of: Sequence[Counted]
) -> Reference | None:
    """The likeliest key of another product that the column's values stand in."""
    kind = product.guesses[product.names.index(name)]
    found: list[tuple[float, float, Reference]] = []
    for other in all_of:
        for target in keys[other.product].unique if other is not product else ():
            if other.guesses[other.names.index(target)].logical != kind.logical or kind.logical not in _KEYS:
                continue
            alike = _likeness(name, other.product, target)
            if alike < _ALIKE and (kind.logical != "string" or keys[product.product].different[name] < _ENOUGH):
                continue
            share = counts.coverage(con, (product.relation, name), (other.relation, target))
            if share >= (_COVERED if alike >= _ALIKE else _COVERED_UNNAMED):
                doubt = f"{share:.0%} of its values stand in {other.product}.{target}"
                found.append((alike, share, Reference(other.product, target, doubt)))
    return max(found, key=lambda each: each[:2])[2] if found else None


def _likeness(name: str, product: str, key: str) -> float:
    """How much a column's name is that of another product's key: `plane_id`, `planes_id` and `plane` of `planes`."""
    thing = product.removesuffix("s")
    known = {thing, f"{thing}_{key}", f"{product}_{key}"} | ({key, f"{thing}_id"} if key != "id" else set())
    if name in known:
        return 1.0
    return SequenceMatcher(None, name, key).ratio() if key != "id" else 0.0
