"""What questions are read with: the contracts in force, what was published under them, and what their columns hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from datamesh.contract.model import Contract
from datamesh.contract.profile import Profile

__all__ = ["Knowledge", "ProductKnowledge"]


@dataclass(frozen=True)
class ProductKnowledge:
    """One product. Until its first publish (of this major version) `snapshot_id` and what comes with it are empty.

    `name` is `domain.product`; `database` and `table` are Glue's; `version` is the contract's in force;
    `rows_*` count the last run and `total_rows` the snapshot.
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


@dataclass(frozen=True)
class Knowledge:
    """All products of the mesh by name, at one moment."""

    products: Mapping[str, ProductKnowledge]
