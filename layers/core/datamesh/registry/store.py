"""The registry: one DynamoDB table, written by project_events alone.

pk          sk                       what
product     <domain>.<product>       account; failure, grants: each a map beside its <part>_order
product     <domain>.<product>#<n>   account; contract, snapshot of its major version n, likewise
domain      <domain>                 the account that speaks for it
event       <time>#<event id>        a journal of the mesh's events without their data, for 90 days

All products stand in one partition, so that one query reads them: a few kilobytes each, megabytes in the largest mesh.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from botocore.exceptions import ClientError

from datamesh.messages import Metadata
from datamesh.registry.projection import Change, moment

__all__ = ["Item", "Registry", "knowledge_keys"]

Item = dict[str, Any]

_JOURNAL_KEPT = timedelta(days=90)


class Registry:
    """The registry in `table`, a DynamoDB table resource. Reads are strongly consistent."""

    def __init__(self, table: Any) -> None:
        self._table = table

    def bind(self, domain: str, account: str) -> bool:
        """Whether `account` speaks for `domain`: the first account that did is the one that may."""
        return self._update(
            ("domain", domain),
            "SET #account = :account",
            when="attribute_not_exists(#account) OR #account = :account",
            names={"#account": "account"},
            values={":account": account},
        ) is not None  # fmt: skip

    def stands(self, change: Change) -> bool:
        """Whether this change, or a later one of its part, was made already."""
        key = {"pk": "product", "sk": change.item}
        item = self._table.get_item(Key=key, ConsistentRead=True).get("Item", {})
        return str(item.get(f"{change.part}_order", "")) >= change.order

    def put(self, change: Change, *, account: str, knowledge_key: str = "") -> Item | None:
        """Makes a change whose order is above what stands. The part's values before (empty: none), None: not made."""
        old = self._update(
            ("product", change.item),
            "SET #part = :values, #order = :order, #account = :account",
            when="attribute_not_exists(#order) OR #order < :order",
            names={"#part": change.part, "#order": f"{change.part}_order", "#account": "account"},
            values={
                ":values": change.values | {"knowledge_key": knowledge_key},
                ":order": change.order,
                ":account": account,
            },
        )
        return None if old is None else old.get(change.part, {})

    def products(self) -> list[Item]:
        """Every item of every product, plain values, with its key under `name`."""
        return [{"name": item.pop("sk"), **item} for item in self._query("product")]

    def note(self, metadata: Metadata, detail_type: str) -> None:
        """Writes an event into the journal; a copy of it falls on the same item."""
        self._table.put_item(
            Item={
                "pk": "event",
                "sk": moment(metadata),
                "detail_type": detail_type,
                "domain": metadata.domain,
                "correlation_id": metadata.correlation_id,
                "expires_at": int((metadata.occurred_at + _JOURNAL_KEPT).timestamp()),
            }
        )

    def event_counts(self) -> dict[str, int]:
        """How many events of each detail-type the journal holds."""
        return dict(Counter(str(item["detail_type"]) for item in self._query("event")))

    def _query(self, pk: str) -> Iterator[Item]:
        request: Item = {
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": pk},
            "ConsistentRead": True,
        }
        while True:
            page = self._table.query(**request)
            yield from (_plain(item) for item in page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _update(
        self, key: tuple[str, str], change: str, *, when: str, names: dict[str, str], values: Item
    ) -> Item | None:
        """The changed attributes as they were before; None when the condition did not hold."""
        try:
            answer = self._table.update_item(
                Key={"pk": key[0], "sk": key[1]},
                UpdateExpression=change,
                ConditionExpression=when,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
                ReturnValues="UPDATED_OLD",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return None
            raise
        old: Item = _plain(answer.get("Attributes", {}))
        return old


def knowledge_keys(items: Iterable[Item]) -> tuple[set[str], set[str]]:
    """Where the contracts in force lie in the platform's bucket, and the profiles of what was published under them."""
    known = [item for item in items if "contract" in item]
    contracts = {str(item["contract"]["knowledge_key"]) for item in known}
    return contracts, {str(item["snapshot"]["knowledge_key"]) for item in known if "snapshot" in item}


def _plain(value: Any) -> Any:
    """DynamoDB's numbers as integers: the registry holds no others."""
    if isinstance(value, Decimal):
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value
