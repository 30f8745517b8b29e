"""The AWS emulator, with one thing mended: what a Python function raises keeps its name, as on AWS.

Step Functions retries and catches by the name of the exception's class. The emulator calls every exception
`Runtime.HandlerError`, and only the traceback, in the function's log, still has the name.
"""

from __future__ import annotations

from typing import Any

from ministack.app import main
from ministack.services import lambda_svc

__all__ = ["mend", "raised"]

_NAMELESS = "Runtime.HandlerError"
_TRACEBACK = "Traceback (most recent call last):\n"


def raised(log: str) -> str | None:
    """The name of the exception class that the last traceback in `log` ends with."""
    _, found, last = log.rpartition(_TRACEBACK)
    if not found:
        return None
    # Frames are indented; the first line that is not says `module.Class: message`.
    line = next((line for line in last.splitlines() if line and not line.startswith(" ")), "")
    return line.partition(":")[0].rpartition(".")[2].strip() or None


def mend() -> None:
    """Makes the emulator's functions fail under the names of their exceptions, from now on."""
    execute = lambda_svc._execute_function_warm

    def execute_named(*arguments: Any, **options: Any) -> dict[str, Any]:
        result: dict[str, Any] = execute(*arguments, **options)
        body = result.get("body")
        if result.get("error") and isinstance(body, dict) and body.get("errorType") == _NAMELESS:
            body["errorType"] = raised(result.get("log", "")) or _NAMELESS
        return result

    lambda_svc._execute_function_warm = execute_named


if __name__ == "__main__":
    mend()
    main()
