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
    ProductState,
    Recorded,
    Step,
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
    "ProductState",
    "Recorded",
    "Step",
]
