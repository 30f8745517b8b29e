"""A mesh that nobody has: contracts and profiles of so many products, and questions about them, the same each time.

Domains have things of their own and things that other domains have, too (everybody has customers); columns have the
names that columns have; values stand in many columns (cities, statuses) or in one (codes, titles).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path

from datamesh.contract.profile import ColumnProfile, Profile

__all__ = ["Made", "made", "questions"]

_SEED = 20_261_128
_WORDS = dict(line.split(": ", 1) for line in Path(__file__).with_name("words.txt").read_text().splitlines())
_DOMAINS = _WORDS["domains"].split()
_THINGS = _WORDS["things"].split()
_QUALIFIERS = _WORDS["qualifiers"].split()
_FIRST = _WORDS["first"].split()
_LAST = _WORDS["last"].split()
_PLACES = _WORDS["places"].split()
_TOWNS = _WORDS["towns"].split()
_COUNTRIES = _WORDS["countries"].split()
_ADJECTIVES = _WORDS["adjectives"].split()
_GOODS = _WORDS["goods"].split()
_STATUSES = ("open", "closed", "pending", "cancelled", "approved", "rejected", "on hold")

_POOLS = {
    kind: [" ".join(map(str, words)) for words in product(*parts)]
    for kind, parts in {
        "city": (_PLACES, _TOWNS),
        "person": (_FIRST, _LAST),
        "title": (_ADJECTIVES, _GOODS, range(1, 40)),
    }.items()
}

# name, logical type; texts have a source of values. Every product has the first four and some of the others.
_OWN = (("name", "title"), ("status", "status"), ("country", "country"), ("created_on", "date"))
_MORE = (
    ("city", "city"), ("category", "title"), ("contact_name", "person"), ("manager", "person"), ("reference", "code"),
    ("priority", "status"), ("channel", "title"), ("currency", "country"), ("amount", "number"),
    ("quantity", "integer"),
    ("price", "number"), ("weight", "number"), ("duration", "integer"), ("score", "number"), ("rating", "integer"),
    ("capacity", "integer"), ("distance", "number"), ("cost", "number"), ("updated_at", "timestamp"),
    ("due_date", "date"), ("start_date", "date"), ("end_date", "date"), ("active", "boolean"), ("year", "integer"),
    ("size", "number"), ("height", "number"), ("age", "integer"), ("discount", "number"), ("balance", "number"),
    ("description", "title"), ("zone", "code"), ("model", "title"), ("version", "code"), ("origin", "city"),
)  # fmt: skip
_TEXTS = ("title", "status", "country", "city", "person", "code")


@dataclass(frozen=True)
class Made:
    """A product: its contract as its owners wrote it, and the profile of what they published."""

    name: str
    contract: bytes
    profile: Profile


@dataclass(frozen=True)
class _Thing:
    domain: str
    noun: str
    columns: tuple[tuple[str, str], ...]
    links: tuple[_Thing, ...] = ()

    @property
    def table(self) -> str:
        return f"{self.noun}s"

    @property
    def key(self) -> str:
        return f"{self.noun}_id"


def made(products: int, columns: int, values: int) -> list[Made]:
    """`products` with `columns` in all, whose profiles hold about `values` in all."""
    things = _things(products, columns // products)
    texts = sum(kind in _TEXTS for thing in things for _, kind in thing.columns)
    return [_made(thing, 7 * values // (4 * max(texts, 1))) for thing in things]


def _things(products: int, columns: int) -> list[_Thing]:
    """Each domain's own; the last ones lead to earlier ones of the domain, and some to another's of the same noun."""
    chance = random.Random(_SEED)  # noqa: S311 - the same mesh each time, not a secret
    domains = _DOMAINS[: max(1, min(len(_DOMAINS), products // 10))]
    things: list[_Thing] = []
    for domain, many in zip(domains, _shares(products, len(domains)), strict=True):
        nouns = chance.sample(_nouns(), many)
        mine: list[_Thing] = []
        for noun in nouns:
            links = tuple(chance.sample(mine, min(len(mine), chance.choice((0, 1, 1, 2)))))
            more = chance.sample(_MORE, max(columns - len(_OWN) - 1 - len(links), 1))
            mine.append(_Thing(domain, noun, (*_OWN, *more), links))
        things += mine
    return things


def _nouns() -> list[str]:
    """One noun of four has a qualifier: regional_order beside order."""
    return [*_THINGS, *(f"{q}_{n}" for n, q in islice(zip(_THINGS, _QUALIFIERS * 9, strict=False), len(_THINGS) // 4))]


def _shares(all_of: int, parts: int) -> list[int]:
    return [all_of // parts + (n < all_of % parts) for n in range(parts)]


def _made(thing: _Thing, most: int) -> Made:
    name = f"{thing.domain}.{thing.table}"
    chance = random.Random(f"{_SEED}:{name}")  # noqa: S311
    columns = [ColumnProfile(name=thing.key, distinct=90_000, minimum=1, maximum=90_000)]
    columns += [ColumnProfile(name=link.key, distinct=900, minimum=1, maximum=900) for link in thing.links]
    columns += [_profile(column, kind, chance, most) for column, kind in thing.columns]
    return Made(name, _contract(thing).encode(), Profile(product=name, rows=90_000, columns=tuple(columns)))


def _profile(name: str, kind: str, chance: random.Random, most: int) -> ColumnProfile:
    if kind in _TEXTS:
        values = _values(kind, chance, most)
        return ColumnProfile(name=name, distinct=len(values), minimum=values[0], maximum=values[-1], values=values)
    if kind in ("date", "timestamp"):
        return ColumnProfile(name=name, distinct=900, minimum="2021-01-01", maximum="2026-11-27")
    ends = (1990, 2026) if name == "year" else (0, 5_000)
    return ColumnProfile(name=name, distinct=800, minimum=ends[0], maximum=ends[1])


def _values(kind: str, chance: random.Random, most: int) -> tuple[str, ...]:
    """Few statuses and countries, cities that many columns have, and titles, persons and codes of a column's own."""
    if kind == "status":
        return tuple(sorted(_STATUSES))
    if kind == "country":
        return tuple(sorted(chance.sample(_COUNTRIES, 40)))
    if kind == "code":
        letters = chance.choice(("AX", "BQ", "KL", "MT", "RZ")), chance.randrange(10, 99)
        return tuple(f"{letters[0]}{letters[1]}-{n:05d}" for n in sorted(chance.sample(range(99_999), most)))
    pool = _POOLS[kind]
    return tuple(sorted(chance.sample(pool, min(most, len(pool)))))


def _contract(thing: _Thing) -> str:
    lines = [
        "apiVersion: v3.2.0", "kind: DataContract", f"id: {thing.domain}-{thing.table}", "version: 1.0.0",
        "status: active", f"domain: {thing.domain}", f"dataProduct: {thing.table}",
        f"description: {{purpose: All {thing.table.replace('_', ' ')} of {thing.domain}.}}",
        "team: {name: owners, members: [{username: owner@example.com}]}",
        "roles:", "  - role: analyst", "    access: read",
        "    customProperties: [{property: datamesh.principals, value: [role/analyst]}]",
        "schema:", f"  - name: {thing.table}", "    physicalType: table", "    properties:",
        f"      - {{name: {thing.key}, logicalType: integer, required: true, primaryKey: true}}",
    ]  # fmt: skip
    for link in thing.links:
        to = f"{link.table}.odcs.yaml#/schema/{link.table}/properties/{link.key}"
        lines += [
            f"      - name: {link.key}", "        logicalType: integer", f"        relationships: [{{to: {to}}}]",
        ]  # fmt: skip
    for column, kind in thing.columns:
        lines += [f"      - name: {column}", f"        logicalType: {'string' if kind in _TEXTS else kind}"]
        lines += [f"        description: The {column.replace('_', ' ')} of the {thing.noun.replace('_', ' ')}."]
    return "\n".join(lines) + "\n"


def questions(products: int, columns: int, wanted: int, *, at_home: float) -> list[tuple[str, str]]:
    """(kind, question): ten kinds in turn, about products chosen by chance.

    `at_home` of them (0 to 1) say the domain: without it, most things are of many.
    """
    chance = random.Random(_SEED + 1)  # noqa: S311
    things = _things(products, columns // products)
    found: list[tuple[str, str]] = []
    while len(found) < wanted:
        asked = dict(_asked(chance.choice(things), chance, at_home))
        kind = _KINDS[len(found) % len(_KINDS)]
        if kind in asked:
            found.append((kind, asked[kind]))
    return found


_KINDS = ("count", "filter", "average", "group", "superlative", "join", "above", "top", "month", "unknown")


def _asked(thing: _Thing, chance: random.Random, at_home: float) -> Iterator[tuple[str, str]]:
    rows, domain = thing.table.replace("_", " "), thing.domain
    if chance.random() < at_home:
        rows = f"{domain} {rows}"
    texts, numbers = _of(thing, "title", "city", "person"), _of(thing, "number", "integer")
    yield "count", f"How many {rows} are there?"
    yield "filter", f"List the names of {rows} in {chance.choice(_COUNTRIES)}."
    yield "month", f"How many {rows} were created per month?"
    yield "unknown", f"What is the {chance.choice(('mood', 'colour', 'altitude', 'vintage'))} of the {rows}?"
    yield "group", f"How many {rows} are there for each {chance.choice(texts)}?"
    if numbers:
        number = chance.choice(numbers)
        yield "average", f"What is the average {number} of {rows} with status {chance.choice(_STATUSES[:4])}?"
        yield "superlative", f"Which {rows.removesuffix('s')} has the highest {number}?"
        yield "above", f"Show the name and country of {rows} with {number} above {chance.randrange(10, 900)}."
        yield "top", f"What are the names of the 5 {rows} with the lowest {number}?"
    if thing.links:
        link = chance.choice(thing.links)
        what = f"{link.noun.replace('_', ' ')} status is {chance.choice(_STATUSES[:4])}"
        yield "join", f"How many {rows} are there whose {what}?"


def _of(thing: _Thing, *kinds: str) -> Sequence[str]:
    return [name.replace("_", " ") for name, kind in thing.columns if kind in kinds]
