"""A product's grants: its contracts in force and what was subscribed to, as the ledger says, and Lake Formation.

Every major version has its own table and its own grants, until its contract says that it is retired. Of requests for
access the domain keeps what the platform's events told, in whatever order they came.
"""

from __future__ import annotations

from collections.abc import Iterator

from datamesh.contract.model import Contract
from datamesh.contract.parse import parse
from datamesh.events import AccessGranted, AccessRenewed, AccessStep, GrantsApplied, GrantsDiffer
from datamesh.govern import lakeformation
from datamesh.govern.lakeformation import Applied
from datamesh.govern.projection import OwnRoles, State, wanted
from datamesh.publish.ledger import ProductState, Subscribed
from datamesh.publish.plane import Plane

__all__ = ["apply_grants", "grants_differ", "take_access"]

_MOST = 50  # principals named in an event


def apply_grants(plane: Plane, product: str, *, account: str, about: str) -> Applied | None:
    """Makes Lake Formation stand as the product's contracts in force want, and says so. None: no such product.

    Whatever event asked for it, the ledger says which contract is in force: late and doubled events do no harm.
    Raises Transient when Lake Formation stays busy.
    """
    state = plane.ledger.product(product)
    if state is None:
        return None
    client = plane.client("lakeformation")
    each = [lakeformation.apply(client, want) for want in _wanted(plane, state, account)]
    applied = Applied(
        granted=sum(one.granted for one in each),
        revoked=sum(one.revoked for one in each),
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
    return any(lakeformation.differs(client, want) for want in _wanted(plane, state, account))


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


def _wanted(plane: Plane, state: ProductState, account: str) -> Iterator[State]:
    """Of each major version."""
    settings = plane.settings
    own = OwnRoles(settings.reader_role_arn, settings.writer_role_arns, settings.grants_role_arn)
    held = [told.subscription for told in plane.ledger.subscriptions() if told.holds]
    for major in state.majors:
        yield wanted(
            _contract(plane, major),
            account=account,
            database=major.database,
            table=major.table,
            own=own,
            subscriptions=held,
            at=plane.now(),
        )


def _contract(plane: Plane, state: ProductState) -> Contract:
    where = {"Bucket": state.contract.bucket, "Key": state.contract.key}
    if state.contract.version_id:
        where["VersionId"] = state.contract.version_id
    return parse(plane.client("s3").get_object(**where)["Body"].read())
