"""Where data lies: it outlives its stack, nobody reads it in between, and it is encrypted with a key of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.support.templates import ROOT, TEMPLATES, Template, chosen, listed, statements, template

PLANES = ("platform.yaml", "template.yaml")
ACCOUNTS = ("accounts/host.yaml", "accounts/guest.yaml")
KEEPS_DATA = {
    "AWS::DynamoDB::Table",
    "AWS::Events::Archive",
    "AWS::Glue::Database",
    "AWS::KMS::Key",
    "AWS::S3::Bucket",
}
KEY = {"Ref": "KmsKeyArn"}


def of_types(plane: Template, *kinds: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return ((name, it["Properties"]) for kind in kinds for name, it in plane.of_type(kind))


def deployed(plane: Template, properties: Mapping[str, Any], *, key: bool) -> dict[str, Any]:
    """`properties` as a stack has them that is given a key, or none."""
    others = dict.fromkeys(plane.body["Conditions"], True)
    made: dict[str, Any] = chosen(properties, others | {"HasKey": key})
    return made


# ---------------------------------------------------------------- it stays


@pytest.mark.parametrize("path", TEMPLATES)
def test_data_outlives_its_stack(path: str) -> None:
    for name, it in template(path).resources.items():
        if it["Type"] in KEEPS_DATA:
            assert (it["DeletionPolicy"], it["UpdateReplacePolicy"]) == ("Retain", "Retain"), name


def test_what_lands_is_never_written_over() -> None:
    landing = template("template.yaml").resources["LandingBucket"]["Properties"]
    assert landing["VersioningConfiguration"] == {"Status": "Enabled"}


def test_no_rule_expires_what_tables_are_made_of() -> None:
    """Nor what is in quarantine: `maintain_table` ends that, when the contract says."""
    for _, bucket in of_types(template("template.yaml"), "AWS::S3::Bucket"):
        rules = bucket["LifecycleConfiguration"]["Rules"]
        assert {key for rule in rules for key in rule} == {"Id", "Status", "AbortIncompleteMultipartUpload"}


def test_results_expire_and_nothing_else_on_the_platform_does() -> None:
    expiring = [
        (rule.get("Prefix"), rule["ExpirationInDays"])
        for _, bucket in of_types(template("platform.yaml"), "AWS::S3::Bucket")
        for rule in bucket.get("LifecycleConfiguration", {"Rules": []})["Rules"]
        if any("Expiration" in key for key in rule)
    ]
    assert expiring == [("results/", {"Ref": "ResultDays"})]


def test_an_audit_record_is_neither_written_over_nor_removed() -> None:
    audit = template("platform.yaml").resources["AuditBucket"]["Properties"]
    assert audit["VersioningConfiguration"] == {"Status": "Enabled"}
    assert audit["ObjectLockEnabled"] is True
    kept = {"Mode": "GOVERNANCE", "Days": {"Ref": "AuditDays"}}
    assert audit["ObjectLockConfiguration"] == {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": kept}}
    assert "LifecycleConfiguration" not in audit
    may = {
        action
        for path in PLANES
        for name, it in template(path).resources.items()
        if it["Type"] in {"AWS::IAM::Role", "AWS::IAM::ManagedPolicy"}
        for statement in statements(it)
        if "AuditBucket" in str(statement["Resource"])
        for action in listed(statement["Action"])
    }
    assert may == {"s3:PutObject"}


@pytest.mark.parametrize("path", PLANES)
def test_tables_can_be_turned_back(path: str) -> None:
    for _, table in of_types(template(path), "AWS::DynamoDB::Table"):
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


# ---------------------------------------------------------------- it is nobody else's


@pytest.mark.parametrize("path", PLANES)
def test_buckets_are_private_and_reached_by_tls(path: str) -> None:
    plane = template(path)
    policies = {it["Bucket"]["Ref"]: it for _, it in of_types(plane, "AWS::S3::BucketPolicy")}
    for name, properties in of_types(plane, "AWS::S3::Bucket"):
        assert properties["PublicAccessBlockConfiguration"] == dict.fromkeys(
            ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
        )
        assert properties["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        (rule,) = policies[name]["PolicyDocument"]["Statement"]
        assert (rule["Effect"], rule["Principal"], rule["Action"]) == ("Deny", "*", "s3:*")
        assert rule["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert rule["Resource"] == [{"Fn::GetAtt": [name, "Arn"]}, {"Fn::Sub": f"${{{name}.Arn}}/*"}]


@pytest.mark.parametrize("path", PLANES)
def test_a_bucket_is_encrypted_with_the_key_that_is_given(path: str) -> None:
    plane = template(path)
    for name, properties in of_types(plane, "AWS::S3::Bucket"):
        for key, wanted in (
            (True, {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}),
            (False, {"SSEAlgorithm": "AES256"}),
        ):
            (rule,) = deployed(plane, properties, key=key)["BucketEncryption"]["ServerSideEncryptionConfiguration"]
            assert rule == {"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": wanted}, name


@pytest.mark.parametrize("path", [*PLANES, *ACCOUNTS])
def test_a_queue_is_encrypted_with_the_key_that_is_given(path: str) -> None:
    plane = template(path)
    for name, properties in of_types(plane, "AWS::SQS::Queue"):
        for key, wanted in ((True, {"KmsMasterKeyId": KEY}), (False, {"SqsManagedSseEnabled": True})):
            made = deployed(plane, properties, key=key)
            assert {it: made[it] for it in ("KmsMasterKeyId", "SqsManagedSseEnabled") if it in made} == wanted, name


@pytest.mark.parametrize("path", PLANES)
def test_a_table_is_encrypted_with_the_key_that_is_given(path: str) -> None:
    plane = template(path)
    for name, properties in of_types(plane, "AWS::DynamoDB::Table"):
        for key, wanted in ((True, {"KMSMasterKeyId": KEY}), (False, {})):
            made = deployed(plane, properties, key=key)["SSESpecification"]
            assert made == {"SSEEnabled": True, "SSEType": "KMS"} | wanted, name


@pytest.mark.parametrize("path", PLANES)
def test_a_log_group_is_encrypted_with_the_key_that_is_given(path: str) -> None:
    """Without a key of ours CloudWatch uses one of its own: there is no log that is not encrypted."""
    plane = template(path)
    for name, properties in of_types(plane, "AWS::Logs::LogGroup"):
        assert deployed(plane, properties, key=True)["KmsKeyId"] == KEY, name
        assert "KmsKeyId" not in deployed(plane, properties, key=False), name


@pytest.mark.parametrize("path", PLANES)
def test_the_settings_of_functions_are_encrypted_with_the_key_that_is_given(path: str) -> None:
    plane = template(path)
    assert deployed(plane, plane.body["Globals"]["Function"], key=True)["KmsKeyArn"] == KEY
    assert not [function.name for function in plane.functions if "KmsKeyArn" in function.properties]


# ---------------------------------------------------------------- who has the key

# What a role does with the key on the way, by what else it may do.
DECRYPTS = {"s3:GetObject", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "sqs:ReceiveMessage"}
ENCRYPTS = {"s3:PutObject", "sqs:SendMessage"}


@pytest.mark.parametrize("path", PLANES)
def test_a_role_that_works_on_what_is_encrypted_may_use_the_key_and_no_other_role_may(path: str) -> None:
    plane = template(path)
    for name, role in of_types(plane, "AWS::IAM::Role"):
        shared = [plane.resources[policy["Ref"]] for policy in role.get("ManagedPolicyArns", [])]
        may = [s for holder in (role, *shared) for s in statements(deployed(plane, holder, key=True))]
        actions = {action for s in may for action in listed(s["Action"])}
        keys = {action for s in may if s["Resource"] == KEY for action in listed(s["Action"])}
        wanted = {"kms:Decrypt"} if actions & (DECRYPTS | ENCRYPTS) else set()
        wanted |= {"kms:GenerateDataKey"} if actions & ENCRYPTS else set()
        assert keys >= wanted, name
        assert bool(keys) == bool(wanted) or shared, name
        assert not [s for s in statements(deployed(plane, role, key=False)) if s["Resource"] == KEY], name


def test_a_key_made_for_a_domain_lets_in_what_writes_for_it() -> None:
    """Services that write with no role of ours: logs, EventBridge into queues, Lake Formation."""
    key = template("examples/key.yaml").resources["Key"]["Properties"]
    may = {s["Sid"]: s for s in key["KeyPolicy"]["Statement"]}
    assert may.keys() == {"AccountDecides", "Logs", "Events", "LakeFormation"}
    assert key["EnableKeyRotation"] is True
    encrypted_by = may["Logs"]["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    places = [re.sub(r"\*$", "", arn["Fn::Sub"].partition("log-group:")[2]) for arn in encrypted_by]
    for path in PLANES:
        for name, group in of_types(template(path), "AWS::Logs::LogGroup"):
            assert group["LogGroupName"]["Fn::Sub"].startswith(tuple(places)), name
    assert may["Events"]["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}


# ---------------------------------------------------------------- what the scanner is told to leave alone


@pytest.mark.parametrize("path", TEMPLATES)
def test_what_the_scanner_skips_stands_with_its_reason_in_the_template(path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    skips = re.findall(r"checkov:skip=(.*)", text)
    assert not [skip for skip in skips if not re.fullmatch(r"CKV2?_AWS_\d+:\S.{11,}", skip)]
    assert not re.search(r"^ +(checkov|cfn-lint|cfn_nag):", text, re.MULTILINE), (
        "metadata that skips without saying why"
    )


def test_the_scanner_is_told_of_no_skip_anywhere_else() -> None:
    rule = re.search(r"^\tbuild/scan/bin/checkov.*$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert rule
    assert "skip-check" not in rule[0]
    assert "soft-fail" not in rule[0]
    assert not [path for path in (".checkov.yaml", ".checkov.yml") if (ROOT / path).exists()]
