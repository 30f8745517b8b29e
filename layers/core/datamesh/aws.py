"""The one place that makes AWS clients. Parts take a client as an argument; handlers get it from here."""

from __future__ import annotations

from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.credentials import RefreshableCredentials
from botocore.session import get_session

__all__ = ["ONCE", "client", "client_as", "client_once", "resource_table", "session_for_role"]

_RETRIES = Config(retries={"mode": "standard", "total_max_attempts": 5})
ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1})
_PRESIGNING = Config(signature_version="s3v4")  # links to encrypted objects want it; only S3 has the older one


@cache
def client(service: str) -> Any:
    """A client with standard retries, made once per process."""
    return boto3.client(service, config=_RETRIES.merge(_PRESIGNING) if service == "s3" else _RETRIES)


@cache
def client_once(service: str) -> Any:
    """A client that tries no call again, made once per process."""
    return boto3.client(service, config=ONCE)


@cache
def client_as(role_arn: str, service: str) -> Any:
    """A client under `role_arn`, made once per process; its credentials are renewed before they end."""

    def assume() -> dict[str, str]:
        keys = client("sts").assume_role(RoleArn=role_arn, RoleSessionName="datamesh")["Credentials"]
        return {
            "access_key": keys["AccessKeyId"],
            "secret_key": keys["SecretAccessKey"],
            "token": keys["SessionToken"],
            "expiry_time": keys["Expiration"].isoformat(),
        }

    session = get_session()
    session._credentials = RefreshableCredentials.create_from_metadata(assume(), assume, "assume-role")
    return boto3.Session(botocore_session=session).client(service, config=_RETRIES)


@cache
def resource_table(name: str) -> Any:
    """A DynamoDB table resource (plain Python values in and out), made once per process."""
    return boto3.resource("dynamodb", config=_RETRIES).Table(name)


def session_for_role(role_arn: str, session_name: str, *, sts: Any = None) -> boto3.Session:
    """A session under `role_arn`, valid for an hour; the caller caches it."""
    answer = (sts or client("sts")).assume_role(RoleArn=role_arn, RoleSessionName=session_name[:64])
    keys = answer["Credentials"]
    return boto3.Session(
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
