"""One delivered event, taken into the registry: is its sender who it says, is it news, what knowledge comes with it.

Contracts and profiles are copied from the domain, by the domain's own reader role, into the platform's bucket. A copy
has a key of its own and is there before the registry names it; the one it follows is removed afterwards. So whatever
is repeated or killed in between, the registry never names an object that is not there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ValidationError

from datamesh.contract.parse import parse
from datamesh.contract.profile import Profile
from datamesh.errors import ContractError
from datamesh.events import EVENT_TYPES, ObjectPointer
from datamesh.messages import Delivery
from datamesh.messages import parse as parse_event
from datamesh.registry.projection import Change, change_of
from datamesh.registry.store import Registry

__all__ = ["Outcome", "Projector", "knowledge_key"]

Outcome = Literal["projected", "stale", "noted", "unknown", "refused"]
_SUFFIXES = {"contract": ".odcs.yaml", "snapshot": ".json"}


def knowledge_key(change: Change) -> str:
    """Where the platform keeps what came with a change: a key for each version of it."""
    kind = "contract" if change.part == "contract" else "profile"
    return f"knowledge/{change.domain}/{change.product}/v{change.major}/{kind}-{change.order}{_SUFFIXES[change.part]}"


@dataclass(frozen=True)
class Projector:
    """Takes events in. `s3` writes the platform's `bucket`.

    `reader_role` is the arn of the role that reads a (domain, account); `s3_as` an S3 client under such a role. The arn
    follows from who speaks: were it the event's own word, one domain could have us read another's data for it.
    """

    registry: Registry
    s3: Any
    bucket: str
    reader_role: Callable[[str, str], str]
    s3_as: Callable[[str], Any]

    def take(self, delivery: Delivery) -> Outcome:
        """What became of the event; it may be repeated.

        `refused`: its sender does not speak for that domain, or what it points at is not what it says.
        `unknown`: of a type that this version has no name for. `noted`: the registry holds nothing of it but its trace.
        Raises pydantic.ValidationError for a malformed event, and what S3 and DynamoDB raise.
        """
        if delivery.detail_type not in EVENT_TYPES:
            return "unknown"
        metadata, event = parse_event(delivery.detail_type, delivery.detail)
        if delivery.domain != metadata.domain or not self.registry.bind(metadata.domain, delivery.account):
            return "refused"
        self.registry.note(metadata, delivery.detail_type)
        change = change_of(metadata, event)
        if change is None:
            return "noted"
        return "stale" if self.registry.stands(change) else self._make(change, delivery.account)

    def _make(self, change: Change, account: str) -> Outcome:
        key, role = "", self.reader_role(change.domain, account)
        if change.values.get("reader_role_arn", role) != role:
            return "refused"
        if change.source is not None:
            data = _fetch(self.s3_as(role), change.source)
            if not _is_what_it_says(change, data):
                return "refused"
            key = knowledge_key(change)
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=data)
        before = self.registry.put(change, account=account, knowledge_key=key)
        if before is None:
            return "stale"
        if replaced := before.get("knowledge_key"):
            self.s3.delete_object(Bucket=self.bucket, Key=replaced)
        return "projected"


def _fetch(s3: Any, source: ObjectPointer) -> bytes:
    where = {"Bucket": source.bucket, "Key": source.key}
    if source.version_id:
        where["VersionId"] = source.version_id
    data: bytes = s3.get_object(**where)["Body"].read()
    return data


def _is_what_it_says(change: Change, data: bytes) -> bool:
    """A contract that speaks for another product, or that nobody can read, must not get in among the others."""
    try:
        if change.part == "snapshot":
            Profile.model_validate_json(data)
            return True
        contract = parse(data)
    except (ContractError, ValidationError):
        return False
    return contract.name == change.name and len(contract.tables) == 1
