"""What questions are read with: the contracts in force, what was published under them, and what their columns hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import Any, TypeAlias, TypeVar

from datamesh.contract.model import OPEN_STATUSES, Contract
from datamesh.contract.parse import parse
from datamesh.contract.profile import Profile
from datamesh.registry.pack import HeldValues, held_apart
from datamesh.registry.packing import fetched
from datamesh.registry.projection import MAJOR
from datamesh.registry.store import Item, Registry, knowledge_keys
from datamesh.registry.valuestore import ValueStore

__all__ = ["Failure", "Knowledge", "KnowledgeLoader", "ProductKnowledge", "named_versions"]

_READERS = 8  # contracts and profiles read at a time
_MANY = 16  # contracts and profiles that are missing, from which on the pack is looked into
_OF_SNAPSHOT = (
    "snapshot_id",
    "sequence",
    "run_id",
    "status",
    "total_rows",
    "rows_in",
    "rows_published",
    "rows_quarantined",
)

T = TypeVar("T")
_Profiles: TypeAlias = dict[str, tuple[Profile, HeldValues]]  # by knowledge key


@dataclass(frozen=True)
class Failure:
    """The last run that did not publish. `kind` is BatchRejected or BatchFailed; `reasons` are {rule, column, rows}."""

    kind: str
    run_id: str
    occurred_at: datetime
    reasons: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class ProductKnowledge:
    """One major version of a product. Until its first publish `snapshot_id` and what comes with it are empty.

    `name` is `domain.product` for the newest that may be read, `domain.product_v<major>` for the others; `database`
    and `table` are Glue's; `version` is the contract's in force; `rows_*` count the last run and `total_rows` the
    snapshot.
    """

    contract: Contract
    name: str
    version: str
    account: str
    database: str
    table: str
    reader_role_arn: str
    snapshot_id: int | None = None
    sequence: int | None = None
    run_id: str = ""
    status: str = ""  # published or partial
    published_at: datetime | None = None
    total_rows: int = 0
    rows_in: int = 0
    rows_published: int = 0
    rows_quarantined: int = 0
    profile: Profile | None = None
    failure: Failure | None = None
    held: HeldValues | None = field(default=None, compare=False)  # the values of the profile, where they are not in it


@dataclass(frozen=True)
class Knowledge:
    """All products of the mesh by name, older major versions included, at one moment."""

    products: Mapping[str, ProductKnowledge]


class KnowledgeLoader:
    """Knowledge as of now: one query of the registry a call, and of the rest only what changed since the last.

    Most of it comes out of the pack, at first and whenever much is missing; what no pack has yet, one by one.
    """

    def __init__(self, registry: Registry, s3: Any, bucket: str) -> None:
        self._registry = registry
        self._s3 = s3
        self._bucket = bucket
        self._contracts: dict[str, Contract] = {}
        self._profiles: _Profiles = {}
        self._apart = ValueStore.in_memory()
        self._spots = count(1)
        self._pack_tag = ""

    def load(self) -> Knowledge:
        """Raises what DynamoDB and S3 raise."""
        try:
            return self._load()
        except self._s3.exceptions.NoSuchKey:
            return self._load()  # replaced between the query and the read: the registry names the new one by now

    def _load(self) -> Knowledge:
        items = named_versions(self._registry.products())
        contracts, profiles = knowledge_keys(items)
        self._contracts = _only(contracts, self._contracts)
        known = _only(profiles, self._profiles)
        if len(contracts) + len(profiles) - len(self._contracts) - len(known) > _MANY:
            known |= self._unpacked(contracts, profiles)
        self._keep(known)  # before anything is read that may be gone: a pack is looked into once
        self._contracts |= self._read(contracts - self._contracts.keys(), parse)
        for key, profile in self._read(profiles - known.keys(), Profile.model_validate_json).items():
            known[key] = held_apart(profile, self._apart, self._spots)
        return Knowledge({item["name"]: self._product(item) for item in items})

    def _unpacked(self, contracts: set[str], profiles: set[str]) -> _Profiles:
        """Takes what the newest pack has of these contracts, and gives what it has of these profiles.

        Nothing where there is none, or no newer one than was looked into before.
        """
        found = fetched(self._s3, self._bucket, unless=self._pack_tag)
        if found is None:
            return {}
        pack, self._pack_tag = found
        self._contracts |= pack.contracts(contracts - self._contracts.keys())
        return pack.profiles(profiles)

    def _keep(self, known: _Profiles) -> None:
        """Keeps just these profiles. Frees the values that were held apart for others, or that a pack holds now."""
        gone = [held for key, (_, held) in self._profiles.items() if key not in known or known[key][1] is not held]
        self._apart.remove(spot for held in gone if held.store is self._apart for spot in held.spots.values())
        self._profiles = known

    def _read(self, keys: Iterable[str], parsed: Callable[[bytes], T]) -> dict[str, T]:
        """What lies under `keys`; keys name one version each, so what is known needs no second look."""
        missing = sorted(keys)
        with ThreadPoolExecutor(_READERS) as pool:
            return {key: parsed(data) for key, data in zip(missing, pool.map(self._get, missing), strict=True)}

    def _get(self, key: str) -> bytes:
        data: bytes = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return data

    def _product(self, item: Item) -> ProductKnowledge:
        applied = item["contract"]
        promised = ProductKnowledge(
            contract=self._contracts[_key(item, "contract")],
            name=item["name"],
            version=applied["version"],
            account=item["account"],
            database=applied["database"],
            table=applied["table"],
            reader_role_arn=applied["reader_role_arn"],
            failure=_failure(item.get("failure")),
        )
        if "snapshot" not in item:
            return promised
        snapshot = item["snapshot"]
        return replace(
            promised,
            **{name: snapshot[name] for name in _OF_SNAPSHOT},
            published_at=datetime.fromisoformat(snapshot["published_at"]),
            profile=self._profiles[_key(item, "snapshot")][0],
            held=self._profiles[_key(item, "snapshot")][1],
        )


def _only(wanted: set[str], known: Mapping[str, T]) -> dict[str, T]:
    return {key: value for key, value in known.items() if key in wanted}


def _key(item: Item, part: str) -> str:
    return str(item[part]["knowledge_key"])


def named_versions(items: Iterable[Item]) -> list[Item]:
    """The major versions that have a contract, under the names that people use.

    The product's own name goes to the newest that is open to readers: a draft beside it takes nothing from them.
    """
    products = {item["name"]: item for item in items}
    versions: dict[str, dict[int, Item]] = {}
    for key, item in products.items():
        name, mark, major = key.partition(MAJOR)
        if mark and "contract" in item:
            versions.setdefault(name, {})[int(major)] = item
    answer = []
    for name, majors in versions.items():
        first = max(majors, key=lambda major: (majors[major]["contract"]["status"] in OPEN_STATUSES, major))
        failure = {"failure": products[name]["failure"]} if "failure" in products.get(name, {}) else {}
        answer += [
            {**item, "name": name, **failure} if major == first else {**item, "name": f"{name}_v{major}"}
            for major, item in majors.items()
        ]
    return answer


def _failure(last: Mapping[str, Any] | None) -> Failure | None:
    if last is None:
        return None
    occurred_at = datetime.fromisoformat(last["occurred_at"])
    return Failure(last["detail_type"], last["run_id"], occurred_at, tuple(last.get("reasons", ())))
