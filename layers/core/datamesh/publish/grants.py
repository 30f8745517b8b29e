"""A product's grants: its contracts in force, read from where the ledger says, held against Lake Formation.

Every major version has its own table and its own grants, until its contract says that it is retired.
"""

from __future__ import annotations

from datamesh.contract.parse import parse
from datamesh.events import GrantsApplied
from datamesh.govern import lakeformation
from datamesh.govern.lakeformation import Applied
from datamesh.govern.projection import OwnRoles, State, wanted
from datamesh.publish.ledger import ProductState
from datamesh.publish.plane import Plane

__all__ = ["apply_grants", "grants_differ"]

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
    each = [lakeformation.apply(client, _wanted(plane, held, account)) for held in state.majors]
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
    return any(lakeformation.differs(client, _wanted(plane, held, account)) for held in state.majors)


def _wanted(plane: Plane, state: ProductState, account: str) -> State:
    where = {"Bucket": state.contract.bucket, "Key": state.contract.key}
    if state.contract.version_id:
        where["VersionId"] = state.contract.version_id
    contract = parse(plane.client("s3").get_object(**where)["Body"].read())
    settings = plane.settings
    own = OwnRoles(settings.reader_role_arn, settings.writer_role_arns, settings.grants_role_arn)
    return wanted(contract, account=account, database=state.database, table=state.table, own=own)
