"""Every error datamesh raises on purpose, and what its caller can do about it.

    DatameshError
    |-- UserError               what was asked cannot be done; the message says what to change
    |   |-- ContractError       the contract is no YAML, or breaks ODCS or our vocabulary
    |   |-- UnknownProduct      no product of that name (or none this caller may see)
    |   `-- UnreadableInput     a file is not what it claims to be
    |-- Refusal                 understood and declined: policy, guard, or a question that was not understood
    |   |-- AccessDenied        the policy gives this principal no right to it
    |   `-- StatementRejected   the guard declined an SQL statement
    `-- InfrastructureError     a service failed us
        |-- Transient           the same call may work in a moment: retry
        |   `-- CommitConflict  another writer committed first: reload, then retry
        |-- CommitStateUnknown  a commit may or may not have landed: look it up, never repeat it
        `-- LeaseLost           another holder has the product now: stop, touch nothing more

Failed data is not here: a broken rule or a rejected batch is a result, not an exception.
"""

from __future__ import annotations

__all__ = [
    "AccessDenied",
    "CommitConflict",
    "CommitStateUnknown",
    "ContractError",
    "DatameshError",
    "InfrastructureError",
    "LeaseLost",
    "Refusal",
    "StatementRejected",
    "Transient",
    "UnknownProduct",
    "UnreadableInput",
    "UserError",
]


class DatameshError(Exception):
    """Base of all errors raised on purpose. `hint` says what to do next, in one sentence."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UserError(DatameshError):
    """Raised when what was asked cannot be done as asked; a retry does not help."""


class ContractError(UserError):
    """Raised when a contract cannot be read at all; findings about a readable one are values."""


class UnknownProduct(UserError):
    """Raised when no product of that name exists, or none that this caller may see."""


class UnreadableInput(UserError):
    """Raised when a file cannot be read as what it claims to be."""


class Refusal(DatameshError):
    """Raised when a request was understood and is declined. `rule` names the rule that declined it."""

    def __init__(self, message: str, *, rule: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.rule = rule


class AccessDenied(Refusal):
    """Raised when the policy gives the caller no right to what was named."""


class StatementRejected(Refusal):
    """Raised when the guard declines an SQL statement."""


class InfrastructureError(DatameshError):
    """Raised when a service failed; whether a retry can help is said by the subclass."""


class Transient(InfrastructureError):
    """Raised when the same call may succeed in a moment."""


class CommitConflict(Transient):
    """Raised when another writer committed first; reload the table, then try again."""


class CommitStateUnknown(InfrastructureError):
    """Raised when a commit may or may not have landed; look for its batch id, never repeat it."""


class LeaseLost(InfrastructureError):
    """Raised when another holder has taken the product's lease; touch nothing more."""
