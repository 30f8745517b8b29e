"""Whether Lake Formation stands as the policy wants: in what it differs, for each product; and who is told.

Drift is what somebody changed by hand, or what could not be applied. Grants on tables that are gone are part of it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from datamesh.errors import UnknownProduct
from datamesh.events import AccessDriftFound, Event, GrantsDiffer
from datamesh.govern.differences import Difference, differences
from datamesh.govern.lakeformation import existing
from datamesh.govern.projection import State
from datamesh.lake.layout import product_of_table
from datamesh.publish.grants import gone_tables, wanted_of
from datamesh.publish.ledger import ProductState
from datamesh.publish.plane import Plane

__all__ = ["Drift", "find_drift", "mend", "tell"]


@dataclass(frozen=True)
class Drift:
    """In what Lake Formation differs from the policy of `product`; `gone_tables` are its tables that are no more."""

    product: str
    differences: tuple[Difference, ...]
    gone_tables: tuple[str, ...] = ()


def find_drift(plane: Plane, products: Collection[str] = (), *, account: str) -> tuple[Drift, ...]:
    """The drift of each product that has some: of those named, or of all. Reads only.

    Raises UnknownProduct for a name that neither the ledger has nor any grant on a table that is gone.
    """
    left = sorted(gone_tables(plane, account=account), key=_product)
    gone = {name: tuple(held) for name, held in groupby(left, key=_product)}
    states = {state.product: state for state in plane.ledger.products()}
    if unknown := sorted(set(products) - states.keys() - gone.keys()):
        raise UnknownProduct(f"no product {', '.join(unknown)}", hint="`mesh products` lists those that there are")
    names = sorted(products or states.keys() | gone.keys())
    found = (_of_product(plane, name, states.get(name), gone.get(name, ()), account) for name in names)
    return tuple(drift for drift in found if drift.differences)


def tell(plane: Plane, found: Sequence[Drift], *, mending: bool, about: str) -> None:
    """Says to the mesh what a check found."""
    if found:
        plane.emit(*(_found(drift, mending) for drift in found), about=about)


def mend(plane: Plane, found: Sequence[Drift], *, about: str) -> None:
    """Asks the domain's one writer to mend what was found."""
    asked: list[Event] = [GrantsDiffer(product=it.product, tables=list(it.gone_tables)) for it in found]
    if asked:
        plane.emit(*asked, about=about)


def _product(held: State) -> str:
    return product_of_table(held.table)


def _of_product(plane: Plane, name: str, state: ProductState | None, gone: Sequence[State], account: str) -> Drift:
    client = plane.client("lakeformation")
    wants = wanted_of(plane, state, account=account) if state is not None else ()
    found = [each for want in wants for each in differences(existing(client, want), want)]
    for held in gone:
        found += differences(held, replace(held, grants=frozenset(), filters=frozenset()))
    return Drift(name, tuple(found), tuple(held.table for held in gone))


def _found(drift: Drift, mending: bool) -> AccessDriftFound:
    missing = sum(each.way == "missing" for each in drift.differences)
    return AccessDriftFound(
        product=drift.product,
        missing=missing,
        excess=len(drift.differences) - missing,
        gone_tables=list(drift.gone_tables),
        mending=mending,
    )
