"""Every question and statement that was asked: who asked, what became of it, and its answer for a few days.

The table's key is `pk`, the query's id; items go away by `expires_at`. A small answer stands in the item, a large one
under results/ in the platform bucket. Who is given an item must be who asked.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

__all__ = ["INLINE_BYTES", "Kind", "Queries", "Query", "new_query_id"]

Kind = Literal["sql", "question"]

INLINE_BYTES = 4_000_000  # of an answer that is given back in a call: Lambda ends at 6 MB
_IN_ITEM = 100_000  # of an answer that stands in the item: DynamoDB ends at 400 KB
_KEPT = timedelta(days=7)
_LINK_SECONDS = 900


def new_query_id(now: datetime) -> str:
    """Sorts by time; cannot be guessed."""
    return f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(8)}"


@dataclass(frozen=True)
class Query:
    """What was asked, and its answer once it has one.

    `answer` is JSON text, given back with the HTTP status `status`; while it runs, `status` is 0. `running_until` is
    when the run that works on it must have ended, well or not. Of an answer above INLINE_BYTES only `size` is read.
    """

    id: str
    principal: str
    kind: Kind
    text: str
    asked_at: datetime
    running_until: datetime | None = None
    status: int = 0
    answer: str = ""
    size: int = 0
    previous: str = ""  # the id of the question that this one goes on from
    products: tuple[str, ...] = ()  # that the answer was read from
    rights: str = ""  # digest of what the caller might read of them


class Queries:
    """Query records in `table` (a DynamoDB table resource) and answers in `bucket`."""

    def __init__(self, table: Any, s3: Any, bucket: str) -> None:
        self._table = table
        self._s3 = s3
        self._bucket = bucket

    def put(self, query: Query) -> Query:
        """Writes the record, and before it its answer where that is large. The record with its size."""
        answer = query.answer.encode()
        if len(answer) > _IN_ITEM:
            self._s3.put_object(Bucket=self._bucket, Key=_key(query.id), Body=answer, ContentType="application/json")
        self._table.put_item(
            Item={
                "pk": query.id,
                "principal": query.principal,
                "kind": query.kind,
                "text": query.text,
                "asked_at": query.asked_at.isoformat(),
                "running_until": query.running_until.isoformat() if query.running_until else None,
                "status": query.status,
                "answer": query.answer if len(answer) <= _IN_ITEM else None,
                "size": len(answer),
                "previous": query.previous,
                "products": list(query.products),
                "rights": query.rights,
                "expires_at": int((query.asked_at + _KEPT).timestamp()),
            }
        )
        return replace(query, size=len(answer))

    def get(self, query_id: str) -> Query | None:
        item = self._table.get_item(Key={"pk": query_id}, ConsistentRead=True).get("Item")
        if item is None:
            return None
        size, answer = int(item["size"]), item["answer"]
        if answer is None and size <= INLINE_BYTES:
            answer = self._s3.get_object(Bucket=self._bucket, Key=_key(query_id))["Body"].read().decode()
        return Query(
            id=query_id,
            principal=item["principal"],
            kind=item["kind"],
            text=item["text"],
            asked_at=datetime.fromisoformat(item["asked_at"]),
            running_until=datetime.fromisoformat(item["running_until"]) if item["running_until"] else None,
            status=int(item["status"]),
            answer=answer or "",
            size=size,
            previous=item.get("previous", ""),
            products=tuple(item.get("products", ())),
            rights=item.get("rights", ""),
        )

    def link(self, query: Query) -> dict[str, str | int]:
        """Where a large answer can be fetched for a while, without any other right."""
        target = {"Bucket": self._bucket, "Key": _key(query.id)}
        url = self._s3.generate_presigned_url("get_object", Params=target, ExpiresIn=_LINK_SECONDS)
        return {"url": url, "expires_in_seconds": _LINK_SECONDS}


def _key(query_id: str) -> str:
    return f"results/{query_id}.json"
