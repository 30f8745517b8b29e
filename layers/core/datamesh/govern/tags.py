"""LF-Tags of a product as its contract gives them, and expressions over them that choose columns of products. Pure.

An ODCS tag written `key:value` is an LF-Tag where the key is one of the mesh's; any other tag is a word to search by.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from datamesh.contract.governed import TAG_KEYS
from datamesh.contract.model import Contract
from datamesh.errors import UserError

__all__ = ["Clause", "Expression", "LFTags", "is_expression", "lf_tags", "parse_expression"]

_CLAUSE = re.compile(r"\s*(?P<key>[a-z]+)\s*(?P<but>!?)=\s*(?P<values>[a-z0-9_.|\s-]+?)\s*", re.ASCII)
_MOST_CHARACTERS = 500


@dataclass(frozen=True)
class LFTags:
    """The LF-Tags a product wants, key to value. A table inherits its database's, a column its table's."""

    database: Mapping[str, str] = field(default_factory=dict)
    table: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of(self, column: str) -> dict[str, str]:
        """What holds for a column: its own, else the table's, else the database's."""
        return {**self.database, **self.table, **self.columns.get(column, {})}


def lf_tags(contract: Contract) -> LFTags:
    """`domain` on the database, the product's `classification` and tags on the table, a column's own on the column.

    Lake Formation keeps keys and values in lower case.
    """
    own = {}
    for column in contract.table.columns:
        said = {"classification": column.classification.lower()} if column.classification else {}
        if tags := {**_pairs(column.tags), **said}:
            own[column.name] = tags
    product = {"classification": contract.classification.lower()}
    table = {**product, **_pairs(contract.tags), **_pairs(contract.table.tags)}
    return LFTags({"domain": contract.domain.lower()}, table, own)


def _pairs(tags: Iterable[str]) -> dict[str, str]:
    """Of `key:value` tags those that are ours. A domain is what the contract says, no tag can claim another."""
    split = (tag.lower().partition(":") for tag in tags)
    return {key: value for key, _, value in split if value and key in TAG_KEYS and key != "domain"}


@dataclass(frozen=True)
class Clause:
    """`key` has one of `values`, or (`but`) none of them: then a column without the key is meant, too."""

    key: str
    values: frozenset[str]
    but: bool = False

    def holds(self, tags: Mapping[str, str]) -> bool:
        return (tags.get(self.key) in self.values) is not self.but


@dataclass(frozen=True)
class Expression:
    """All clauses hold. It is about the products of one `domain`, whose owners decide on it."""

    domain: str
    clauses: tuple[Clause, ...]

    def columns(self, contract: Contract) -> tuple[str, ...]:
        """The columns of a product that are meant, in the contract's order: none of a product that is not meant."""
        tags = lf_tags(contract)
        names = (column.name for column in contract.table.columns)
        return tuple(name for name in names if all(clause.holds(tags.of(name)) for clause in self.clauses))


def is_expression(target: str) -> bool:
    """Whether `target` is meant as a tag expression; else it is the name of a product."""
    return "=" in target


def parse_expression(text: str) -> Expression:
    """`domain=operations, classification=public|internal, personal!=yes`. Raises UserError, saying what is wrong."""
    if len(text) > _MOST_CHARACTERS:
        raise UserError(f"a tag expression has at most {_MOST_CHARACTERS} characters")
    clauses = tuple(_clause(part) for part in text.lower().split(","))
    domains = [c for c in clauses if c.key == "domain"]
    if len(domains) != 1 or domains[0].but or len(domains[0].values) != 1:
        raise UserError("a tag expression names one domain", hint="Write domain=<domain>, ... once: its owners decide.")
    return Expression(next(iter(domains[0].values)), clauses)


def _clause(part: str) -> Clause:
    found = _CLAUSE.fullmatch(part)
    values = frozenset(value.strip() for value in found["values"].split("|")) if found else frozenset()
    if found is None or "" in values:
        raise UserError("a part of the tag expression is not key=value or key!=value", hint=_HOW)
    if found["key"] not in TAG_KEYS:
        raise UserError(f"there is no tag key {found['key']}", hint=f"Keys are {', '.join(TAG_KEYS)}.")
    return Clause(found["key"], values, bool(found["but"]))


_HOW = "Write domain=operations, classification=public|internal, personal!=yes."
