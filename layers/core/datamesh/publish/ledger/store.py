"""The one place that speaks DynamoDB's language: plain values in and out, conditions as answers.

Every item has `pk` and `sk`; reads are strongly consistent. In expressions a name is written `#name`.
A failed condition is an answer; a conflict with another transaction is tried again and then Transient.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from botocore.exceptions import ClientError
from pydantic import BaseModel

from datamesh.errors import Transient

__all__ = ["Item", "Store", "Write", "plain"]

Item = dict[str, Any]
Write = dict[str, dict[str, Any]]  # one member of a transaction: {"Put" | "Update" | "Delete" | "ConditionCheck": ...}

_NAME = re.compile(r"#\w+")
_TRIES = 5


def plain(value: BaseModel) -> Item:
    """A model as an item's attributes: what is None is left out, floats are decimals."""
    item: Item = json.loads(value.model_dump_json(exclude_none=True), parse_float=Decimal)
    return item


def _read(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {key: _read(inner) for key, inner in value.items()}
    return [_read(inner) for inner in value] if isinstance(value, list) else value


def _written(value: Any) -> Any:
    return json.loads(json.dumps(value), parse_float=Decimal)


class Store:
    """Base of the ledger's parts. `table` is a DynamoDB table resource with the string keys pk and sk."""

    def __init__(self, table: Any, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._table = table
        self._now = now

    def _get(self, pk: str, sk: str) -> Item | None:
        item = self._table.get_item(Key={"pk": pk, "sk": sk}, ConsistentRead=True).get("Item")
        return _read(item) if item is not None else None

    def _query(self, pk: str, prefix: str = "", *, limit: int | None = None, newest_first: bool = False) -> list[Item]:
        items = self._pages(pk, prefix, limit, newest_first)
        return [item for item, _ in zip(items, range(limit), strict=False)] if limit else list(items)

    def _count(self, pk: str, *, limit: int) -> int:
        """How many items there are, at most `limit`; nothing of them is sent."""
        ask: dict[str, Any] = {
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": pk},
            "ConsistentRead": True,
            "Select": "COUNT",
        }
        found = 0
        while found < limit:
            page = self._table.query(**ask, Limit=limit - found)
            found += int(page["Count"])
            if "LastEvaluatedKey" not in page:
                break
            ask["ExclusiveStartKey"] = page["LastEvaluatedKey"]
        return found

    def _pages(self, pk: str, prefix: str, limit: int | None, newest_first: bool) -> Iterator[Item]:
        ask: dict[str, Any] = {
            "KeyConditionExpression": "pk = :pk" + (" AND begins_with(sk, :sk)" if prefix else ""),
            "ExpressionAttributeValues": {":pk": pk} | ({":sk": prefix} if prefix else {}),
            "ConsistentRead": True,
            "ScanIndexForward": not newest_first,
        }
        if limit:
            ask["Limit"] = limit
        while True:
            page = self._table.query(**ask)
            yield from (_read(item) for item in page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            ask["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _put(self, item: Item, *, when: str = "", values: Mapping[str, Any] | None = None) -> Write:
        return {"Put": self._conditional({"Item": item}, "", when, values)}

    def _update(self, pk: str, sk: str, change: str, *, when: str, values: Mapping[str, Any]) -> Write:
        return {"Update": self._conditional(self._key(pk, sk) | {"UpdateExpression": change}, change, when, values)}

    def _delete(self, pk: str, sk: str, *, when: str = "", values: Mapping[str, Any] | None = None) -> Write:
        return {"Delete": self._conditional(self._key(pk, sk), "", when, values)}

    def _check(self, pk: str, sk: str, *, when: str, values: Mapping[str, Any]) -> Write:
        return {"ConditionCheck": self._conditional(self._key(pk, sk), "", when, values)}

    @staticmethod
    def _key(pk: str, sk: str) -> Item:
        return {"Key": {"pk": pk, "sk": sk}}

    def _conditional(self, write: Item, change: str, when: str, values: Mapping[str, Any] | None) -> Item:
        write |= {"TableName": self._table.name}
        if when:
            write["ConditionExpression"] = when
        if values:
            write["ExpressionAttributeValues"] = _written(dict(values))
        if names := set(_NAME.findall(f"{change} {when}")):
            write["ExpressionAttributeNames"] = {name: name[1:] for name in names}
        return write

    def _apply(self, write: Write) -> bool:
        """Makes one write. False when its condition did not hold."""
        [(kind, request)] = write.items()
        call = getattr(self._table.meta.client, f"{kind.lower()}_item")
        try:
            self._insisting(lambda: call(**request), "TransactionConflictException")
        except ClientError as refused:
            if refused.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def _transact(self, writes: Sequence[Write]) -> tuple[int, ...]:
        """Makes all of `writes` or none. The positions whose conditions did not hold; empty when all were made."""
        try:
            self._insisting(lambda: self._table.meta.client.transact_write_items(TransactItems=list(writes)))
        except ClientError as refused:
            failed = _failed_conditions(refused)
            if not failed:
                raise
            return failed
        return ()

    def _insisting(self, call: Callable[[], Any], *codes: str) -> None:
        """Makes `call` again, a little later, while another transaction holds an item of it."""
        for attempt in range(_TRIES):
            try:
                call()
            except ClientError as refused:
                code = refused.response["Error"]["Code"]
                conflict = code in codes or (code == "TransactionCanceledException" and not _failed_conditions(refused))
                if not conflict:
                    raise
                if attempt == _TRIES - 1:
                    raise Transient(f"the ledger is busy: {code}") from refused
                time.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 (jitter, not a secret)
            else:
                return


def _failed_conditions(refused: ClientError) -> tuple[int, ...]:
    reasons = refused.response.get("CancellationReasons", [])
    return tuple(i for i, reason in enumerate(reasons) if reason.get("Code") == "ConditionalCheckFailed")
