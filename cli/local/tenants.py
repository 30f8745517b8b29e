"""Whose request it is that moto gets, and whether IAM lets them: the emulator knows its keys, roles and policies."""

from __future__ import annotations

import json
import os
import re
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

__all__ = ["CALLERS", "Caller", "guarded", "known_to"]

CALLERS = "/_mesh/callers"
"""Where the emulator says who has a `key`, and whether IAM lets them do an `action`."""

_SIGNED = re.compile(r"Credential=(\w+)/\d+/([\w-]+)/")
_ACCOUNT = re.compile(r"\d{12}")

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


@dataclass(frozen=True)
class Caller:
    """Who has a key: of `account`, with the `arn` of the session of a role ("": the root user). `allowed` by IAM."""

    account: str
    arn: str = ""
    allowed: bool = True


def guarded(app: Wsgi, known: Callable[[str, str], Caller], refusal: Callable[[Caller, str, str], str]) -> Wsgi:
    """`app`, a moto server, told the account of each request, and asked for nothing that IAM or `refusal` refuses.

    `known` says who has a key, and whether they may do an action of the service; `refusal` why an operation in a
    region is refused them all the same ("": it is not).
    """

    def told(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        signed = _SIGNED.search(environ.get("HTTP_AUTHORIZATION", ""))
        if signed is None:
            return app(environ, start_response)
        operation = environ.get("PATH_INFO", "").strip("/")
        caller = known(signed[1], f"lakeformation:{operation}")
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = caller.account
        why = f"User: {caller.arn} is not authorized to perform: lakeformation:{operation}"
        if caller.allowed and not (why := refusal(caller, operation, signed[2])):
            return app(environ, start_response)
        body = json.dumps({"__type": "AccessDeniedException", "Message": why}).encode()
        headers = [("Content-Type", "application/x-amz-json-1.1"), ("Content-Length", str(len(body)))]
        start_response("400 Bad Request", [*headers, ("x-amzn-ErrorType", "AccessDeniedException")])
        return [body]

    return told


def known_to(emulator: str) -> Callable[[str, str], Caller]:
    """What the `emulator`, by its URL, knows of keys. A root user's key is the account itself."""
    context = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE"))
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=context))

    def known(key: str, action: str) -> Caller:
        if _ACCOUNT.fullmatch(key):
            return Caller(key)
        asked = f"{emulator}{CALLERS}?{urlencode({'key': key, 'action': action})}"
        with opener.open(asked, timeout=30) as answer:
            return Caller(**json.load(answer))

    return known
