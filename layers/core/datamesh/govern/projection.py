"""What Lake Formation should hold of a product. Pure.

`wanted` makes the policy a `State`; `lakeformation.existing` reads the same kind of value from the service;
`calls.changes` is the difference, in the order in which it is safe to make it.

What we own: our LF-Tag keys on the product's database, table and columns, every grant on the product's table by its
name or on a data cells filter of it, the filters of our names and, where Lake Formation governs the database, what
everybody whom IAM lets in holds on all of it. The rest (other tags, other filters, other tables, other grants on the
whole database, account settings) is left as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from datamesh.contract.model import Contract
from datamesh.govern.filters import CellsFilter, filters_of
from datamesh.govern.policy import grants_of
from datamesh.govern.rights import rights_of
from datamesh.govern.subscription import Subscription
from datamesh.govern.tags import LFTags, lf_tags

__all__ = ["EVERYBODY", "OpenGrant", "OwnRoles", "State", "TableGrant", "wanted"]

EVERYBODY = "IAM_ALLOWED_PRINCIPALS"  # whoever IAM lets in, as Lake Formation names them


_READ = ("DESCRIBE", "SELECT")
_WRITE = ("ALTER", "DESCRIBE")


@dataclass(frozen=True)
class OwnRoles:
    """The mesh's own roles in the domain's account, by arn.

    `reader` reads tables for the query function, `writers` create and change them in Glue, `admin` (or none) is the one
    that grants: a data lake administrator. `watchers` see who is granted what: administrators who read only.
    """

    reader: str
    writers: tuple[str, ...] = ()
    admin: str = ""
    watchers: tuple[str, ...] = ()


@dataclass(frozen=True, order=True)
class TableGrant:
    """One permission of one principal (an arn) on the table.

    SELECT may be on some `columns` (sorted), on all but the `excluded` ones, or on the data cells filter of the name
    `filter`; everything else is on the whole table.
    """

    principal: str
    columns: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    grantable: bool = False
    permission: str = "SELECT"
    filter: str = ""


@dataclass(frozen=True, order=True)
class OpenGrant:
    """One permission that everybody whom IAM lets in holds: on the database, or on `every_table` of it."""

    every_table: bool
    permission: str


@dataclass(frozen=True)
class State:
    """What Lake Formation holds, or should hold, of one product.

    `catalog` is the account of the table. `settings` is the account's document as the service gave it (empty in a
    wanted state); `tag_values` the LF-Tag ontology, key to values; `filters` those of our names. `watchers` are the
    administrators who read only. `rules` says of wanted grants what gives them: rules of the policy, or `mesh`.
    `governed` is a database of which Lake Formation alone decides; `open` is looked at in that only.
    """

    catalog: str
    database: str
    table: str
    columns: tuple[str, ...]
    tags: LFTags
    tag_values: Mapping[str, frozenset[str]]
    grants: frozenset[TableGrant]
    filters: frozenset[CellsFilter]
    admins: frozenset[str]
    settings: Mapping[str, Any]
    watchers: frozenset[str] = frozenset()
    rules: Mapping[TableGrant, tuple[str, ...]] = field(default_factory=dict)
    governed: bool = False
    open: frozenset[OpenGrant] = frozenset()


def wanted(
    contract: Contract,
    *,
    account: str,
    database: str,
    table: str,
    own: OwnRoles,
    governed: bool = False,
    subscriptions: Sequence[Subscription] = (),
    at: datetime | None = None,
) -> State:
    """What the policy gives for a product whose Glue table is `database`.`table`, and what our own roles need there.

    `subscriptions` are looked at as of `at`; of a `governed` database Lake Formation alone decides.
    """
    tags = lf_tags(contract)
    grants = {TableGrant(own.reader, permission=permission) for permission in _READ}
    grants |= {TableGrant(writer, permission=permission) for writer in own.writers for permission in _WRITE}
    given, filters = _policy_grants(contract, account, subscriptions, at)
    return State(
        catalog=account,
        database=database,
        table=table,
        columns=tuple(column.name for column in contract.table.columns),
        tags=tags,
        tag_values=_values_of(tags),
        grants=frozenset(grants | given.keys()),
        filters=frozenset(filters),
        admins=frozenset({own.admin} if own.admin else ()),
        settings={},
        watchers=frozenset(own.watchers),
        rules=dict.fromkeys(grants, ("mesh",)) | given,
        governed=governed,
    )


def _policy_grants(
    contract: Contract, account: str, subscriptions: Sequence[Subscription], at: datetime | None
) -> tuple[dict[TableGrant, tuple[str, ...]], set[CellsFilter]]:
    """What each principal is granted, by which rules, and the filters for it: Lake Formation hides, it masks nothing.

    One grant for all columns whose values a principal is shown in all rows; where there are none, filters.
    DESCRIBE shows every column, so it goes with all of them only.
    """
    grants: dict[TableGrant, tuple[str, ...]] = {}
    filters: set[CellsFilter] = set()
    by_arn = sorted(grants_of(contract, account, subscriptions, at=at), key=lambda grant: grant.arn)
    for arn, group in groupby(by_arn, key=lambda grant: grant.arn):
        of_arn = list(group)
        rights = rights_of(contract, account, of_arn[0].principal, subscriptions, at=at)
        rules = tuple(dict.fromkeys(right.rule for right in rights.each if right.clear and not right.rows))
        if any(grant.columns is None and not grant.rows and not grant.masks for grant in of_arn):
            grants |= {TableGrant(arn, permission=permission): rules for permission in _READ}
        elif rights.plain:
            grants[TableGrant(arn, columns=tuple(sorted(rights.plain)))] = rules
        else:
            mine = filters_of(contract.table, rights)
            grants |= {TableGrant(arn, filter=each.name): (each.rule,) for each in mine}
            filters.update(mine)
    return grants, filters


def _values_of(tags: LFTags) -> dict[str, frozenset[str]]:
    values: dict[str, frozenset[str]] = {}
    for assigned in (tags.database, tags.table, *tags.columns.values()):
        for key, value in assigned.items():
            values[key] = values.get(key, frozenset()) | {value}
    return values
