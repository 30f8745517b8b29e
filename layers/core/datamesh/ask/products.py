"""The pages of the products that a caller may read: what they promise, what was published, how old it is. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from datamesh.ask.guard import Scope
from datamesh.ask.view import View
from datamesh.contract.model import Column, Contract
from datamesh.errors import UnknownProduct
from datamesh.registry.knowledge import ProductKnowledge

__all__ = ["product_page", "product_pages"]

Page = dict[str, Any]

_COUNTS = ("rows_in", "rows_published", "rows_quarantined", "total_rows")


def product_pages(view: View, now: datetime) -> list[Page]:
    """A page for each product of `view`, by name."""
    return [_page(product, view.scopes[name], now) for name, product in view.products.items()]


def product_page(view: View, name: str, now: datetime) -> Page:
    """The page of one product. Raises UnknownProduct; whether it exists is not said."""
    if name not in view.products:
        raise UnknownProduct(
            f"{name}: unknown or not granted", hint="`mesh products` lists the products that you may read."
        )
    return _page(view.products[name], view.scopes[name], now)


def _page(product: ProductKnowledge, scope: Scope, now: datetime) -> Page:
    """Rows are counted (else null) for those who may read all of them."""
    contract = product.contract
    counted = scope.rows is None
    return {
        "name": product.name,
        "version": product.version,
        "status": product.status,
        "description": contract.table.description or contract.description,
        "owner": ", ".join(contract.team),
        **{name: getattr(product, name) if counted else None for name in _COUNTS},
        "snapshot_id": product.snapshot_id,
        "run_id": product.run_id,
        "published_at": product.published_at.isoformat() if product.published_at else None,
        "freshness": _freshness(product, now),
        "rows": "all" if counted else "some",
        "columns": [_column(contract, c, scope) for c in contract.table.columns if c.name in scope.columns],
    }


def _freshness(product: ProductKnowledge, now: datetime) -> Page:
    """How old the newest rows are, and how often the contract promises new ones (`1 d`), if it does."""
    promised = next((sla for sla in product.contract.sla if sla.property == "frequency"), None)
    return {
        "age_seconds": round((now - product.published_at).total_seconds()) if product.published_at else None,
        "promised_every": f"{promised.value} {promised.unit}".strip() if promised else None,
    }


def _column(contract: Contract, column: Column, scope: Scope) -> Page:
    return {
        "name": column.name,
        "type": column.type.kind,
        "required": column.required,
        "business_name": column.business_name,
        "description": column.description,
        "classification": column.classification or contract.classification,
        "masked": column.name in scope.masked,
    }
