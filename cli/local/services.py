"""The two servers of the local mesh: the AWS emulator with IAM enforced, and Lake Formation, which it lacks."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from cli.local.certificate import certificate, private_key
from cli.local.processes import Service
from cli.local.state import State

__all__ = ["AWS", "LAKE_FORMATION", "SECRET", "aws", "environment", "lakeformation", "unproxied"]

AWS = "aws"
LAKE_FORMATION = "lakeformation"
SECRET = "local"  # noqa: S105 (the emulator's root user has no secret; the SDK wants one to sign with)

_IDLE_SECONDS = "120"  # a function that was not called for so long is no longer kept warm


def environment(state: State, home: Path) -> dict[str, str]:
    """The environment of whatever talks to the local mesh as its root user: the SDK's own variables, nothing of ours.

    What the person has set for AWS is left out, so that nothing of it reaches an account or a profile of theirs.
    """
    kept_out = ("AWS_", "SAM_", "PYTHONDONTWRITEBYTECODE")  # without bytecode every function compiles all it imports
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(kept_out)}
    return inherited | {
        "AWS_ACCESS_KEY_ID": state.account,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": state.region,
        "AWS_REGION": state.region,
        "AWS_ENDPOINT_URL": state.endpoint,
        "AWS_CA_BUNDLE": str(certificate(home)),
        "SSL_CERT_FILE": str(certificate(home)),  # what Arrow's S3 client reads
        "AWS_ENDPOINT_URL_LAKEFORMATION": state.lakeformation_endpoint,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": unproxied(inherited),
        "no_proxy": unproxied(inherited),
    }


def aws(state: State, home: Path) -> Service:
    """The emulator. Its functions are its children and inherit its environment: so they know their endpoints."""
    return Service(
        name=AWS,
        command=[sys.executable, "-m", "cli.local"],
        environment=environment(state, home)
        | {
            "AUTH": "true",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(state.aws_port),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "LAMBDA_WARM_TTL_SECONDS": _IDLE_SECONDS,
            "MINISTACK_ACCOUNT_ID": state.account,
            "MINISTACK_REGION": state.region,
            "PYICEBERG_CATALOG__DEFAULT__S3__ENDPOINT": state.endpoint,
            "S3_DATA_DIR": str(home / "data"),
            "STATE_DIR": str(home / "data"),
            "TMPDIR": str(home / "tmp"),
            "USE_SSL": "1",
            "MINISTACK_SSL_CERT": str(certificate(home)),
            "MINISTACK_SSL_KEY": str(private_key(home)),
        },
        health=f"{state.endpoint}/_ministack/ready",
        certificate=certificate(home),
    )


def lakeformation(state: State, home: Path) -> Service:
    return Service(
        name=LAKE_FORMATION,
        command=[
            *(sys.executable, "-m", "cli.local.lakeformation"),
            *("--port", str(state.lakeformation_port), "--emulator", state.endpoint),
        ],
        environment=environment(state, home),
        health=f"{state.lakeformation_endpoint}/moto-api/",
    )


def unproxied(inherited: Mapping[str, str]) -> str:
    """The hosts that are reached without a proxy: those of `inherited`, and this machine."""
    named = (inherited.get("NO_PROXY") or inherited.get("no_proxy") or "").split(",")
    return ",".join(dict.fromkeys(host for host in [*named, "127.0.0.1", "localhost"] if host))
