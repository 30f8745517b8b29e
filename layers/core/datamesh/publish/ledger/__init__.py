"""The domain's ledger: which object is in which batch, who works on it, and how it ended."""

from datamesh.publish.ledger.ledger import Ledger
from datamesh.publish.ledger.model import (
    Arrival,
    ArrivalState,
    Batch,
    BatchState,
    ContractOutcome,
    Counts,
    Lease,
    Maintained,
    ProductState,
    Recorded,
    Step,
    Subscribed,
)

__all__ = [
    "Arrival",
    "ArrivalState",
    "Batch",
    "BatchState",
    "ContractOutcome",
    "Counts",
    "Lease",
    "Ledger",
    "Maintained",
    "ProductState",
    "Recorded",
    "Step",
    "Subscribed",
]
