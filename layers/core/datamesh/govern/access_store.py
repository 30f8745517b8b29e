"""Requests for access as they stand: one item of DynamoDB for each, and what is granted read at every question.

pk            sk            what
principal     request id    a request with all its steps, of each what it changed; `state`, `sequence`, `settled`,
                            `token` beside them

index `held` (local)     pk, held_until     what is granted to a principal and not over: one consistent query
index `domain`           domain, asked_at   requests that the owners of a domain decide on
index `due`              queue, due_at      requests at which something is to be done by then, or was not done yet

pk is a digest of the principal, and ids begin with it: so a request is read by its id alone, consistently, and nobody
can take the id of another principal's request. A write replaces just the sequence that was read: of two who decide at
once, one comes too late. What follows a step (`settled`) is written by itself, so it holds up nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError

from datamesh.contract.masks import read_mask, spelled
from datamesh.govern.requests import Request, Step, holder_id
from datamesh.govern.subscription import Subscription

__all__ = ["AccessStore", "Stored"]

_KEPT = timedelta(days=400)  # of a request that has ended; the audit record stays
_QUEUE = "due"


@dataclass(frozen=True)
class Stored:
    """A request, the last step whose effects are all done, and the token by which its state machine waits, if any."""

    request: Request
    settled: int
    token: str = ""

    @property
    def is_settled(self) -> bool:
        return self.settled >= self.request.sequence


class AccessStore:
    """Requests in `table`, a DynamoDB table resource."""

    def __init__(self, table: Any) -> None:
        self._table = table

    def held_by(self, principal: str, at: datetime) -> list[Subscription]:
        """What is granted to `principal` (canonical) and holds `at`, read consistently."""
        key = Key("pk").eq(holder_id(principal)) & Key("held_until").gt(_time(at))
        found = [_stored(item).request.subscription for item in self._query(key, "held", ConsistentRead=True)]
        return [it for it in found if it.principal == principal]

    def get(self, request_id: str) -> Stored | None:
        """The request as it stands, read consistently."""
        item = self._table.get_item(Key=_key(request_id), ConsistentRead=True).get("Item")
        return _stored(item) if item else None

    def of_principal(self, principal: str) -> list[Stored]:
        """Every request of `principal`, consistently, in no order."""
        found = [_stored(item) for item in self._query(Key("pk").eq(holder_id(principal)), ConsistentRead=True)]
        return [it for it in found if it.request.subscription.principal == principal]

    def waiting_of(self, principal: str) -> int:
        """How many requests of `principal` nobody has decided on yet, counted consistently."""
        mine = Attr("state").eq("requested") & Attr("principal").eq(principal)
        pages = self._pages(
            Key("pk").eq(holder_id(principal)), ConsistentRead=True, FilterExpression=mine, Select="COUNT"
        )
        return sum(page["Count"] for page in pages)

    def of_domain(self, domain: str, *, undecided: bool = False) -> list[Stored]:
        """Requests about products of `domain`, the last one first; a moment later than they were made."""
        only = {"FilterExpression": Attr("state").eq("requested")} if undecided else {}
        found = self._query(Key("domain").eq(domain), "domain", ScanIndexForward=False, **only)
        return [_stored(item) for item in found]

    def due(self, at: datetime) -> Iterator[Stored]:
        """Requests at which something is to be done `at`, as they were a moment ago."""
        key = Key("queue").eq(_QUEUE) & Key("due_at").lte(_time(at))
        return (_stored(item) for item in self._query(key, "due"))

    def put(self, request: Request) -> bool:
        """Writes a request after its last step. False where another step was written before it: read, and see."""
        first = request.sequence == 1
        when = Attr("pk").not_exists() if first else Attr("sequence").eq(request.sequence - 1)
        given = {name: value for name, value in _item(request).items() if name not in ("pk", "sk")}
        gone = [name for name in ("held_until", "expires_at") if name not in given]
        assign = ", ".join(f"#{name} = :{name}" for name in given)
        change = f"SET {assign}, #settled = if_not_exists(#settled, :none) REMOVE {', '.join(f'#{it}' for it in gone)}"
        values = {f":{name}": value for name, value in given.items()} | {":none": 0}
        return self._update(request.id, change, when, {f"#{it}": it for it in (*given, *gone, "settled")}, values)

    def settle(self, request: Request) -> bool:
        """Says that all effects of the request's steps are done. False where it has taken another step meanwhile."""
        due = _due(request)
        keep: dict[str, Any] = {"settled": request.sequence} | ({"due_at": _time(due)} if due else {})
        drop = () if due else ("due_at", "queue")
        change = f"SET {', '.join(f'#{it} = :{it}' for it in keep)}"
        change += f" REMOVE {', '.join(f'#{it}' for it in drop)}" if drop else ""
        names = {f"#{it}": it for it in (*keep, *drop)}
        values = {f":{name}": value for name, value in keep.items()}
        return self._update(request.id, change, Attr("sequence").eq(request.sequence), names, values)

    def wait(self, request_id: str, token: str) -> None:
        """Keeps the token by which the request's state machine waits for a decision."""
        self._update(request_id, "SET #token = :token", Attr("pk").exists(), {"#token": "token"}, {":token": token})

    def _query(self, key: Any, index: str = "", **how: Any) -> Iterator[dict[str, Any]]:
        return (
            item
            for page in self._pages(key, **({"IndexName": index} if index else {}), **how)
            for item in page["Items"]
        )

    def _pages(self, key: Any, **how: Any) -> Iterator[dict[str, Any]]:
        request = {"KeyConditionExpression": key, **how}
        while True:
            page = self._table.query(**request)
            yield page
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def _update(self, request_id: str, change: str, when: Any, names: dict[str, str], values: dict[str, Any]) -> bool:
        """Whether the condition held."""
        try:
            self._table.update_item(
                Key=_key(request_id),
                UpdateExpression=change,
                ConditionExpression=when,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=values,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise
        return True


def _key(request_id: str) -> dict[str, str]:
    return {"pk": request_id.partition("-")[0] or "-", "sk": request_id or "-"}


def _time(at: datetime) -> str:
    """Sorts as the times do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _item(request: Request) -> dict[str, Any]:
    """The item, without `settled` and `token`. Its effects are due as soon as whoever wrote it must have ended."""
    wish, last = request.wish, request.steps[-1]
    item = {
        **_key(request.id),
        "domain": request.domain,
        "asked_at": _time(request.steps[0].at),
        "state": request.state,
        "sequence": request.sequence,
        "principal": wish.principal,
        "arn": wish.arn,
        "target": wish.target,
        "purpose": request.purpose,
        "decide_by": _time(request.decide_by),
        "steps": [_kept(step, before) for before, step in zip((None, *request.steps), request.steps, strict=False)],
        "queue": _QUEUE,
        "due_at": _time(last.at),
    }
    if request.state == "granted":
        item["held_until"] = _time(request.subscription.until)
    elif request.state != "requested":
        item["expires_at"] = int((last.at + _KEPT).timestamp())
    return item


def _due(request: Request) -> datetime | None:
    """When something is to be done next, all effects being done."""
    if request.state == "granted":
        return request.subscription.until
    return min(request.decide_by, request.subscription.until) if request.state == "requested" else None


def _kept(step: Step, before: Step | None) -> dict[str, Any]:
    """A step without what is as before it: many renewals of many columns are one item, too."""
    kept: dict[str, Any] = {"sequence": step.sequence, "kind": step.kind, "by": step.by, "at": _time(step.at)}
    kept |= {"note": step.note, "until": _time(step.subscription.until)}
    terms = _terms(step.subscription)
    return kept if before and terms == _terms(before.subscription) else kept | terms


def _terms(said: Subscription) -> dict[str, Any]:
    return {
        "columns": None if said.columns is None else list(said.columns),
        "rows": said.rows,
        "row_columns": [list(pair) for pair in said.row_columns],
        "masks": [[column, spelled(mask)] for column, mask in said.masks],
    }


def _stored(item: dict[str, Any]) -> Stored:
    steps: list[Step] = []
    for kept in item["steps"]:
        steps.append(_step(kept, item, steps[-1].subscription if steps else None))
    request = Request(item["purpose"], datetime.fromisoformat(item["decide_by"]), tuple(steps))
    return Stored(request, int(item["settled"]), item.get("token", ""))


def _step(kept: dict[str, Any], item: dict[str, Any], before: Subscription | None) -> Step:
    at, until = (datetime.fromisoformat(kept[name]) for name in ("at", "until"))
    if before is None or "columns" in kept:
        before = Subscription(
            id=item["sk"],
            principal=item["principal"],
            arn=item["arn"],
            target=item["target"],
            columns=None if kept["columns"] is None else tuple(kept["columns"]),
            rows=kept["rows"],
            until=until,
            row_columns=tuple((name, kind) for name, kind in kept["row_columns"]),
            masks=tuple((name, read_mask(mask)) for name, mask in kept["masks"]),
        )
    said = replace(before, until=until)
    return Step(int(kept["sequence"]), kept["kind"], kept["by"], at, said, kept["note"])
