"""Whose request it is that moto gets: the account of the key that signed it, which the emulator knows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import boto3

__all__ = ["account_of_key", "by_account"]

_SIGNED = re.compile(r"Credential=(\w+)/")
_ACCOUNT = re.compile(r"\d{12}")

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]


def by_account(app: Wsgi, account_of: Callable[[str], str]) -> Wsgi:
    """`app`, a moto server, told the account that `account_of` gives for each request's access key."""

    def told(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if signed := _SIGNED.search(environ.get("HTTP_AUTHORIZATION", "")):
            environ["HTTP_X_MOTO_ACCOUNT_ID"] = account_of(signed[1])
        return app(environ, start_response)

    return told


def account_of_key(sts_url: str) -> Callable[[str], str]:
    """Accounts of access keys: a root user's key is the account itself, of the others the STS at `sts_url` knows it."""
    sts = boto3.client("sts", endpoint_url=sts_url)

    @cache
    def account(key: str) -> str:
        return key if _ACCOUNT.fullmatch(key) else str(sts.get_access_key_info(AccessKeyId=key)["Account"])

    return account
