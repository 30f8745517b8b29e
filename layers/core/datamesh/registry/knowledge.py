"""What questions are read with: the contracts in force, what was published under them, and what their columns hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from datamesh.contract.model import OPEN_STATUSES, Contract
from datamesh.contract.parse import parse
from datamesh.contract.profile import Profile
from datamesh.registry.projection import MAJOR
from datamesh.registry.store import Item, Registry

__all__ = ["Failure", "Knowledge", "KnowledgeLoader", "ProductKnowledge"]

_READERS = 8  # contracts and profiles read at a time
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


@dataclass(frozen=True)
class Knowledge:
    """All products of the mesh by name, older major versions included, at one moment."""

    products: Mapping[str, ProductKnowledge]


class KnowledgeLoader:
    """Knowledge as of now: one query of the registry a call, and of the rest only what changed since the last."""

    def __init__(self, registry: Registry, s3: Any, bucket: str) -> None:
        self._registry = registry
        self._s3 = s3
        self._bucket = bucket
        self._contracts: dict[str, Contract] = {}
        self._profiles: dict[str, Profile] = {}

    def load(self) -> Knowledge:
        """Raises what DynamoDB and S3 raise."""
        try:
            return self._load()
        except self._s3.exceptions.NoSuchKey:
            return self._load()  # replaced between the query and the read: the registry names the new one by now

    def _load(self) -> Knowledge:
        items = _named(self._registry.products())
        published = [item for item in items if "snapshot" in item]
        self._contracts = self._read(self._contracts, (_key(item, "contract") for item in items), parse)
        keys = (_key(item, "snapshot") for item in published)
        self._profiles = self._read(self._profiles, keys, Profile.model_validate_json)
        return Knowledge({item["name"]: self._product(item) for item in items})

    def _read(self, known: Mapping[str, T], keys: Iterable[str], parsed: Callable[[bytes], T]) -> dict[str, T]:
        """What lies under `keys`; keys name one version each, so what is known needs no second look."""
        wanted = list(keys)
        missing = [key for key in wanted if key not in known]
        with ThreadPoolExecutor(_READERS) as pool:
            read = dict(zip(missing, pool.map(self._get, missing), strict=True))
        return {key: known[key] if key in known else parsed(read[key]) for key in wanted}

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
            profile=self._profiles[_key(item, "snapshot")],
        )


def _key(item: Item, part: str) -> str:
    return str(item[part]["knowledge_key"])


def _named(items: Iterable[Item]) -> list[Item]:
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
