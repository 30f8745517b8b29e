"""The ledger's products: the contract in force of each, and what became of every contract that was put."""

from __future__ import annotations

from datamesh.publish.ledger.model import ContractOutcome, Maintained, ProductState, Subscribed
from datamesh.publish.ledger.store import Store, plain

__all__ = ["ProductItems"]

_PRODUCTS = "products"
_SUBSCRIPTIONS = "subscriptions"


class ProductItems(Store):
    def product(self, name: str) -> ProductState | None:
        item = self._get(_PRODUCTS, name)
        return ProductState.model_validate(item) if item else None

    def products(self) -> list[ProductState]:
        return [ProductState.model_validate(item) for item in self._query(_PRODUCTS)]

    def put_product(self, state: ProductState, *, after: ProductState | None = None) -> bool:
        """Puts the state that follows `after`, the one in force. False when another apply came between them."""
        return self._apply(
            self._put(
                {"pk": _PRODUCTS, "sk": state.product} | plain(state),
                when="#sequence = :after" if after else "attribute_not_exists(pk)",
                values={":after": after.sequence} if after else None,
            )
        )

    def maintained(self, product: str, table: str) -> Maintained | None:
        """The newest maintenance of one of the product's tables."""
        item = self._get(f"product#{product}", f"maintained#{table}")
        return Maintained.model_validate(item) if item else None

    def put_maintained(self, done: Maintained) -> None:
        self._apply(self._put({"pk": f"product#{done.product}", "sk": f"maintained#{done.table}"} | plain(done)))

    def subscriptions(self) -> list[Subscribed]:
        """Every request for access that was granted once, over or not."""
        return [Subscribed.model_validate(item) for item in self._query(_SUBSCRIPTIONS)]

    def subscription(self, request_id: str) -> Subscribed | None:
        item = self._get(_SUBSCRIPTIONS, request_id)
        return Subscribed.model_validate(item) if item else None

    def put_subscription(self, told: Subscribed) -> bool:
        """Puts what an event told. False when a later step, or this one, stands already."""
        return self._apply(
            self._put(
                {"pk": _SUBSCRIPTIONS, "sk": told.request_id} | plain(told),
                when="attribute_not_exists(pk) OR #sequence < :sequence",
                values={":sequence": told.sequence},
            )
        )

    def contract_outcome(self, product: str, version_id: str) -> ContractOutcome | None:
        """What became of the contract that was put as `contracts/<product>.odcs.yaml`, in this version."""
        item = self._get(f"contract#{product}", version_id)
        return ContractOutcome.model_validate(item) if item else None

    def put_contract_outcome(self, product: str, version_id: str, outcome: ContractOutcome) -> None:
        self._apply(self._put({"pk": f"contract#{product}", "sk": version_id} | plain(outcome)))
