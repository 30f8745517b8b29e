"""Where the mesh is: the running local one, or an account. Everything the commands use of AWS is found from here."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cli.local import processes, state
from cli.local.certificate import certificate
from cli.local.services import AWS, SECRET, unproxied
from datamesh.errors import UnknownProduct, UserError
from datamesh.publish.ledger import Ledger

__all__ = ["ANALYST", "ProductName", "Target", "account", "elsewhere", "local", "near", "parse_product"]

ANALYST = "analyst"  # as whom the local mesh is asked, unless somebody else is named
_PLATFORM = "platform"
_NOBODYS_SETTINGS = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
_RETRIES = Config(retries={"mode": "standard", "total_max_attempts": 5})
_BRIEF = Config(connect_timeout=5, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2})


@dataclass(frozen=True)
class ProductName:
    domain: str
    product: str

    def __str__(self) -> str:
        return f"{self.domain}.{self.product}"


@dataclass(frozen=True)
class Target:
    """One stage of the mesh, spoken to with the credentials of `session`.

    `endpoints` names where services are that are not on AWS: by service, or "*" for all others. `role` is the name of
    the role that was assumed for it, `arn` its arn.
    """

    stage: str
    session: Any  # a boto3 session
    endpoints: Mapping[str, str] = field(default_factory=dict)
    role: str = ""
    arn: str = ""
    certificate: str | None = None  # of those endpoints

    @property
    def region(self) -> str:
        if not self.session.region_name:
            raise UserError(
                "no region is set", hint="set AWS_REGION, or `region` in the profile that AWS_PROFILE names"
            )
        return str(self.session.region_name)

    def endpoint(self, service: str) -> str | None:
        return self.endpoints.get(service) or self.endpoints.get("*")

    def client(self, service: str, config: Config = _RETRIES) -> Any:
        """A client of this mesh, made once for each way of calling."""
        if (service, config) not in self._clients:
            how = self._connection(service) | {"config": config}
            self._clients[service, config] = self.session.client(service, **how)
        return self._clients[service, config]

    def table(self, name: str) -> Any:
        """A DynamoDB table resource."""
        return self.session.resource("dynamodb", **self._connection("dynamodb")).Table(name)

    def own_arn(self) -> str:
        """The arn of whoever calls, with its path; "" where they may not look that up.

        A caller is shown without the path of its role, whose name is unique in its account. Who assumes a role names it
        with its path.
        """
        if self.arn:
            return self.arn
        said = str(self.client("sts").get_caller_identity()["Arn"])
        _, assumed, session = said.partition(":assumed-role/")
        if not assumed:
            return said
        try:
            return str(self.client("iam", _BRIEF).get_role(RoleName=session.partition("/")[0])["Role"]["Arn"])
        except (ClientError, BotoCoreError):
            return ""

    @cached_property
    def account(self) -> str:
        return str(self.client("sts").get_caller_identity()["Account"])

    def parameters(self, plane: str) -> Mapping[str, str]:
        """What the stack of `plane` ("platform" or a domain) tells the world. Raises UserError when there is none."""
        if plane not in self._planes:
            raise self._no_plane(plane)
        return self._planes[plane]

    def parameter(self, plane: str, name: str) -> str:
        """One of them; who may ask questions may read where, and no more than that."""
        ssm = self.client("ssm")
        try:
            found = ssm.get_parameter(Name=f"/datamesh/{self.stage}/{plane}/{name}")
        except ssm.exceptions.ParameterNotFound as missing:
            raise self._no_plane(plane) from missing
        return str(found["Parameter"]["Value"])

    def domains(self) -> list[str]:
        return sorted(name for name in self._planes if name != _PLATFORM)

    def ledger(self, domain: str) -> Ledger:
        if domain not in self._ledgers:
            self._ledgers[domain] = Ledger(self.table(self.parameters(domain)["ledger-table"]))
        return self._ledgers[domain]

    def products(self) -> list[str]:
        """All products with a contract in force, as domain.product."""
        return [f"{domain}.{held.product}" for domain in self.domains() for held in self.ledger(domain).products()]

    def product(self, name: str) -> ProductName:
        """A product that exists. Raises UnknownProduct naming those that are spelt like it."""
        wanted = parse_product(name)
        if wanted.domain in self.domains() and self.ledger(wanted.domain).product(wanted.product):
            return wanted
        raise UnknownProduct(f"no product {name}", hint=near(name, self.products(), "there are"))

    def as_role(self, role: str) -> Target:
        """This mesh with the rights of `role`: an arn, or a role of its account without `datamesh-<stage>-`."""
        arn = role if role.startswith("arn:") else self.role_arn(role)
        sts = self.client("sts")
        try:
            keys = sts.assume_role(RoleArn=arn, RoleSessionName="mesh")["Credentials"]
        except sts.exceptions.ClientError as refused:
            raise UserError(f"you may not act as {arn}, or it is no role", hint="check --as") from refused
        session = boto3.Session(
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
            region_name=self.region,
        )
        return replace(self, session=session, role=arn.rsplit("/", 1)[-1], arn=arn)

    def role_arn(self, role: str) -> str:
        """The arn of a role of the mesh's account, by its name without `datamesh-<stage>-`."""
        partition = self.session.get_partition_for_region(self.region)
        return f"arn:{partition}:iam::{self.account}:role/datamesh-{self.stage}-{role}"

    @property
    def is_local(self) -> bool:
        return bool(self.endpoints)

    @cached_property
    def _clients(self) -> dict[tuple[str, Config], Any]:
        return {}

    @cached_property
    def _ledgers(self) -> dict[str, Ledger]:
        return {}

    @cached_property
    def _planes(self) -> dict[str, dict[str, str]]:
        """Parameters by plane and name, from /datamesh/<stage>/<plane>/<name>."""
        pages = self.client("ssm").get_paginator("get_parameters_by_path")
        planes: dict[str, dict[str, str]] = {}
        for page in pages.paginate(Path=f"/datamesh/{self.stage}/", Recursive=True):
            for parameter in page["Parameters"]:
                _, _, _, plane, name = parameter["Name"].split("/", 4)
                planes.setdefault(plane, {})[name] = parameter["Value"]
        return planes

    def _connection(self, service: str) -> dict[str, Any]:
        return {
            "region_name": self.region,
            "endpoint_url": self.endpoint(service),
            "verify": self.certificate,
            "config": _RETRIES,
        }

    def _no_plane(self, plane: str) -> UserError:
        if plane != _PLATFORM and self._planes:
            others = "those of another account want its credentials; here are"
            return UserError(f"this account has no domain {plane}", hint=near(plane, self.domains(), others))
        where = "`mesh up` deploys it" if self.is_local else "check --stage, the profile and the region"
        return UserError(f"no mesh {self.stage} is deployed here", hint=where)


def local(home: Path) -> Target:
    """The local mesh that runs in `home`, as its root user. Raises UserError when none runs."""
    standing = state.load(home)
    if standing is None or processes.alive(AWS, home) is None:
        was = "no local mesh was started here" if standing is None else "the local mesh is not running"
        raise UserError(was, hint="`mesh up` starts it; `--stage STAGE` talks to an account instead")
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = unproxied(os.environ)
    session = _root_of(standing.account, standing.region)
    endpoints = {"*": standing.endpoint, "lakeformation": standing.lakeformation_endpoint}
    return Target(stage=standing.stage, session=session, endpoints=endpoints, certificate=str(certificate(home)))


def account(stage: str) -> Target:
    """The mesh `stage` of the account that the SDK's own settings (AWS_PROFILE, AWS_REGION, ...) lead to."""
    return Target(stage=stage, session=boto3.Session(region_name=os.environ.get("AWS_REGION")))


def elsewhere(mesh: Target, account: str, profile: str | None) -> Target:
    """The same stage in another `account`, with the credentials of `profile`. The local AWS has every account.

    Raises UserError when the profile leads elsewhere.
    """
    if mesh.is_local:
        return replace(mesh, session=_root_of(account, mesh.region))
    if profile is None:
        raise UserError(f"whose credentials are those of {account}?", hint="name its profile with --profile")
    there = replace(mesh, session=boto3.Session(profile_name=profile, region_name=mesh.region))
    if there.account != account:
        raise UserError(f"profile {profile} is of account {there.account}, not {account}", hint="check --profile")
    return there


def _root_of(account: str, region: str) -> boto3.Session:
    """A session of a local account's root user, whose key is the account."""
    return boto3.Session(
        aws_access_key_id=account,
        aws_secret_access_key=SECRET,
        region_name=region,
        botocore_session=botocore.session.Session(_NOBODYS_SETTINGS),
    )


def parse_product(name: str) -> ProductName:
    """Raises UserError unless `name` is written domain.product."""
    domain, dot, product = name.partition(".")
    if not (domain and dot and product) or "." in product or "/" in name:
        raise UserError(f"{name!r} is no product name", hint="a product is written domain.product")
    return ProductName(domain, product)


def near(name: str, known: Iterable[str], otherwise: str) -> str:
    """A hint for a misspelt name: those that look like it, or else all of them."""
    names = sorted(known)
    alike = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    if alike:
        return f"did you mean {' or '.join(alike)}?"
    return f"{otherwise} {', '.join(names[:12])}" if names else "there are none yet"
