"""One form for every caller: `arn:aws:iam::<account>:role/<name>`, without the role's path. Pure.

API Gateway and STS show a role as `assumed-role/<name>/<session>`, which has no path, so the path cannot be part of
the form. Within an account a role's name is unique whatever its path, so nothing is lost.
"""

from __future__ import annotations

import re

from datamesh.errors import AccessDenied, ContractError, UserError

__all__ = ["canonical", "canonical_of_declared", "declared_arn", "own_arn"]

_ARN = re.compile(r"arn:(?P<partition>aws[a-z-]*):(?P<service>iam|sts)::(?P<account>[0-9]{12}):(?P<resource>.+)")
_MOST_CHARACTERS = 700  # of an arn: a path has 512 at most, a name 64
_NAME = r"[\w+=,.@-]+"
_SHAPES = {
    "sts": re.compile(rf"(?P<kind>assumed-role)/(?P<name>{_NAME})/{_NAME}", re.ASCII),
    "iam": re.compile(rf"(?P<kind>role|user)/(?:[\x21-\x7e]+/)?(?P<name>{_NAME})", re.ASCII),
}
_DECLARED = re.compile(rf"role/{_NAME}|arn:aws[a-z-]*:iam::[0-9]{{12}}:role/(?:[\x21-\x7e]+/)?{_NAME}", re.ASCII)


def canonical(user_arn: str) -> str:
    """The principal behind `user_arn`, as a request context or STS shows it.

    Roles (assumed, or by their own arn with any path) become `role/<name>`, users `user/<name>`, root stays root.
    Raises AccessDenied (rule `principal`) for anything else: an unknown kind of caller is nobody.
    """
    arn = _ARN.fullmatch(user_arn)
    if arn and arn["service"] == "iam" and arn["resource"] == "root":
        return user_arn
    shape = _SHAPES[arn["service"]].fullmatch(arn["resource"]) if arn else None
    if arn is None or shape is None:
        raise AccessDenied("the caller is neither a role nor a user", rule="principal", hint="Call with an IAM role.")
    kind = "user" if shape["kind"] == "user" else "role"
    return f"arn:{arn['partition']}:iam::{arn['account']}:{kind}/{shape['name']}"


def own_arn(arn: str, caller: str) -> str:
    """`arn`, if it is that of `caller` (canonical), be it with a path. Raises UserError for anything else."""
    try:
        known = len(arn) <= _MOST_CHARACTERS and ":iam:" in arn and canonical(arn) == caller
    except AccessDenied:
        known = False
    if not known:
        hint = "Leave it out, or send that of your role as IAM has it: arn:aws:iam::<account>:role/<path>/<name>."
        raise UserError("the arn is not that of the caller", hint=hint)
    return arn


def declared_arn(principal: str, account: str) -> str:
    """The arn, with its path, of a principal as a contract names it: `role/<name>` in `account`, or a role's arn.

    Raises ContractError when it is neither.
    """
    if not _DECLARED.fullmatch(principal):
        raise ContractError(f"{principal!r} is no principal", hint="Write role/<name>, or the arn of a role.")
    return principal if principal.startswith("arn:") else f"arn:aws:iam::{account}:{principal}"


def canonical_of_declared(principal: str, account: str) -> str:
    """The canonical form of a principal as a contract names it. Raises ContractError as `declared_arn` does."""
    return canonical(declared_arn(principal, account))
