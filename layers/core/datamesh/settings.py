"""Configuration of the functions, read from their environment once and checked.

Each function's template declares just the variables that its settings class names, in upper case.
"""

from __future__ import annotations

from functools import cache
from typing import Literal, TypeVar

from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["AccessSettings", "AskSettings", "DomainSettings", "PlatformSettings", "load"]

S = TypeVar("S", bound=BaseSettings)


class _Settings(BaseSettings):
    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    stage: str


class DomainSettings(_Settings):
    """A domain's functions: where its files, tables, ledger and queues are."""

    domain: str
    landing_bucket: str
    lake_bucket: str
    glue_database: str
    ledger_table: str
    bus_name: str
    arrivals_queue_url: str = ""
    publish_state_machine_arn: str = ""
    reader_role_arn: str = ""
    writer_role_arns: tuple[str, ...] = ()  # a JSON list: the functions' roles that create and change tables in Glue
    grants_role_arn: str = ""  # apply_grants' own: a data lake administrator
    watcher_role_arns: tuple[str, ...] = ()  # a JSON list: the functions' roles that compare Lake Formation's grants
    governed: bool = False  # Lake Formation alone decides who may see the catalog database
    mend_access: bool = True  # whether drift that a check finds is mended, or only told
    engine_memory_mb: int = 1_024  # what DuckDB may take before it spills; Python and Arrow need the rest
    engine_threads: int = 2
    sql_seconds: float = 120.0  # for all quality rules of type sql of a batch; shorter than the function may run
    gather_seconds: int = 5  # a burst's batch waits for more files, and looks this often whether more have come
    compaction: Literal["rewrite", "glue"] = "rewrite"  # who joins small files: maintain_table, or Glue's optimizer
    optimizer_role_arn: str = ""  # as whom Glue's optimizer works
    unreachable_hours: int = (
        72  # a file that no snapshot leads to may be of a commit under way; no commit takes so long
    )
    lease_seconds: int = 120  # longer than the function that takes a lease may run


class PlatformSettings(_Settings):
    """The platform's functions that keep the registry."""

    registry_table: str
    knowledge_bucket: str

    def reader_role_arn(self, domain: str, account: str) -> str:
        """The role that reads a domain's tables: it follows from who the domain is, and no event can name another."""
        return f"arn:aws:iam::{account}:role/datamesh-{self.stage}-{domain}-reader"


class AskSettings(PlatformSettings):
    """The query function. Times in seconds; `max_scan_bytes` is what one statement may bring into memory."""

    queries_table: str
    access_table: str
    results_bucket: str
    bus_name: str
    mask_key_arn: str
    answer_within_seconds: float = 20.0  # API Gateway ends a call at 29
    finish_within_seconds: float = 270.0  # shorter than the function may run
    max_rows: int = 10_000
    max_scan_bytes: int = 1_073_741_824
    engine_memory_mb: int = 1_024
    engine_threads: int = 2


class AccessSettings(PlatformSettings):
    """The function that keeps requests for access: where they are, and who ends them when their time has come."""

    access_table: str
    audit_bucket: str
    bus_name: str
    state_machine_arn: str
    function_arn: str
    schedule_role_arn: str
    schedule_dlq_arn: str


@cache
def load(kind: type[S]) -> S:
    """The settings of this function. Raises pydantic.ValidationError naming each missing variable."""
    return kind()
