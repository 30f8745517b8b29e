"""A product's grants: its contracts in force and what was subscribed to, as the ledger says, and Lake Formation.

Every major version has its own table and its own grants, until its contract says that it is retired. Of requests for
access the domain keeps what the platform's events told, in whatever order they came.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from datamesh.contract.model import Contract
from datamesh.contract.parse import parse
from datamesh.events import AccessGranted, AccessRenewed, AccessStep, GrantsApplied, GrantsDiffer
from datamesh.govern import lakeformation
from datamesh.govern.lakeformation import Applied
from datamesh.govern.projection import OwnRoles, State, wanted
from datamesh.lake.layout import product_of_table
from datamesh.publish.ledger import ProductState, Subscribed
from datamesh.publish.plane import Plane

__all__ = ["apply_grants", "gone_tables", "grants_differ", "take_access", "wanted_of"]

_MOST = 50  # principals named in an event


def apply_grants(plane: Plane, product: str, *, account: str, about: str, gone: Sequence[str] = ()) -> Applied | None:
    """Makes Lake Formation stand as the product's contracts in force want, and says so. None: no such product.

    Whatever event asked for it, the ledger says which contract is in force: late and doubled events do no harm. Of the
    tables that are said to be `gone` nobody keeps a grant, if they are the product's and are gone.
    Raises Transient when Lake Formation stays busy.
    """
    client = plane.client("lakeformation")
    left = [held for held in gone_tables(plane, account=account) if held.table in gone] if gone else []
    withdrawn = sum(lakeformation.withdraw(client, held) for held in left if product_of_table(held.table) == product)
    state = plane.ledger.product(product)
    if state is None:
        return Applied(granted=0, revoked=withdrawn) if withdrawn else None
    each = [lakeformation.apply(client, want) for want in wanted_of(plane, state, account=account)]
    applied = Applied(
        granted=sum(one.granted for one in each),
        revoked=withdrawn + sum(one.revoked for one in each),
        refused=tuple(sorted({arn for one in each for arn in one.refused})),
    )
    refused = list(applied.refused[:_MOST])
    plane.emit(
        GrantsApplied(product=product, granted=applied.granted, revoked=applied.revoked, refused=refused), about=about
    )
    return applied


def grants_differ(plane: Plane, state: ProductState, *, account: str) -> bool:
    """Whether Lake Formation stands otherwise than the product's contracts in force want. Reads only."""
    client = plane.client("lakeformation")
    return any(lakeformation.differs(client, want) for want in wanted_of(plane, state, account=account))


def gone_tables(plane: Plane, *, account: str) -> Iterator[State]:
    """What Lake Formation holds of products' tables that neither the ledger knows nor Glue has. Reads only.

    Tables that are named as no product's are none of ours.
    """
    database = plane.settings.glue_database
    pages = plane.client("glue").get_paginator("get_tables").paginate(DatabaseName=database)
    standing = {table["Name"] for page in pages for table in page["TableList"]}
    standing |= {held.table for state in plane.ledger.products() for held in state.majors}
    found = lakeformation.of_gone_tables(plane.client("lakeformation"), account, database, standing)
    return (held for held in found if product_of_table(held.table))


def take_access(plane: Plane, step: AccessStep, *, about: str) -> list[str]:
    """Keeps what was told of a request for access, and asks for the grants of each product that it is about.

    The products' names without their domain; none where a later step is known already. May be repeated: what was kept
    is asked for again.
    """
    told = Subscribed(
        holds=isinstance(step, AccessGranted | AccessRenewed),
        **step.model_dump(include=set(Subscribed.model_fields) - {"holds"}),
    )
    if not plane.ledger.put_subscription(told) and plane.ledger.subscription(step.request_id) != told:
        return []
    concerned = [state.product for state in plane.ledger.products() if _is_about(plane, told, state)]
    if concerned:
        plane.emit(*(GrantsDiffer(product=product) for product in concerned), about=about)
    return concerned


def _is_about(plane: Plane, told: Subscribed, state: ProductState) -> bool:
    return any(told.subscription.columns_of(_contract(plane, held)) != () for held in state.majors)


def wanted_of(plane: Plane, state: ProductState, *, account: str) -> Iterator[State]:
    """What Lake Formation should hold of each major version of a product."""
    settings = plane.settings
    own = OwnRoles(
        settings.reader_role_arn, settings.writer_role_arns, settings.grants_role_arn, settings.watcher_role_arns
    )
    held = [told.subscription for told in plane.ledger.subscriptions() if told.holds]
    for major in state.majors:
        yield wanted(
            _contract(plane, major),
            account=account,
            database=major.database,
            table=major.table,
            own=own,
            governed=settings.governed,
            subscriptions=held,
            at=plane.now(),
        )


def _contract(plane: Plane, state: ProductState) -> Contract:
    where = {"Bucket": state.contract.bucket, "Key": state.contract.key}
    if state.contract.version_id:
        where["VersionId"] = state.contract.version_id
    return parse(plane.client("s3").get_object(**where)["Body"].read())
