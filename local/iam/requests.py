"""What AWS asks IAM before it carries out a call, and what services ask of KMS in the caller's name meanwhile."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from local.iam import ec2
from local.iam.account import Account, Touched, UnmappedError
from local.iam.evaluate import Question
from local.iam.reference import actions

type Params = Mapping[str, Any]

# User Guide, "Requirements for Amazon EBS encryption", Permissions for users: these five; ReEncrypt is two actions.
TO_MAKE = ("CreateGrant", "Decrypt", "DescribeKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo")
# EBS User Guide, "How Amazon EBS encryption works": an attachment, and so a start, lets EC2 decrypt by a grant.
TO_USE = ("CreateGrant",)
# SNS Developer Guide, "Configuring AWS KMS permissions": a publisher needs both.
TO_PUBLISH = ("Decrypt", "GenerateDataKey")


def questions(account: Account, service: str, action: str, params: Params) -> list[Question]:
    """In the order in which they are asked. UnmappedError: nobody has said what this call touches."""
    asked = {"ec2": _ec2, "eks": _eks, "kms": _kms, "sns": _sns, "ssm": _ssm}.get(service)
    if asked is None:
        raise UnmappedError(f"what {service}:{action} touches is not written down in {__name__}")
    return list(asked(account, action, params))


def _ec2(account: Account, action: str, params: Params) -> Iterator[Question]:
    yield from ec2.questions(account, action, params)
    if action in ("CreateVolume", "CreateReplaceRootVolumeTask"):
        snapshot = account.ec2.snapshots.get(params.get("SnapshotId"))
        keys = [params.get("KmsKeyId"), snapshot.kms_key_id if snapshot and snapshot.encrypted else None]
        yield from _through(account, "ec2", TO_MAKE, keys)
    elif action in ("AttachVolume", "StartInstances"):
        yield from _through(account, "ec2", TO_USE, _keys_in_use(account, action, params))


def _keys_in_use(account: Account, action: str, params: Params) -> list[str | None]:
    backend = account.ec2
    ids = list(ec2.given("VolumeId")(params, backend))
    if action == "StartInstances":
        started = ec2.given("InstanceId")(params, backend)
        ids = [disk.volume_id for id_ in started for disk in ec2.disks_of(backend, id_)]
    volumes = [backend.volumes[id_] for id_ in ids if id_ in backend.volumes]
    return [each.kms_key_id for each in volumes if each.encrypted]


def _through(account: Account, service: str, wanted: tuple[str, ...], keys: list[str | None]) -> Iterator[Question]:
    """A service uses a customer's keys in the caller's name. AWS's own keys need no rights of the caller's."""
    for key in dict.fromkeys(each for each in keys if each and each != account.ec2.default_kms_key_id):
        for action in wanted:
            more = {"kms_ViaService": f"{service}.{account.region}.amazonaws.com", "kms_CallerAccount": account.id}
            if action == "CreateGrant":
                more["kms_GrantIsForAWSResource"] = "true"
            yield account.question(f"kms:{action}", _key(account, key), **more)


def _key(account: Account, id_: str) -> Touched:
    """By ARN, or by an id of this account's."""
    arn = id_ if id_.startswith("arn:") else account.arn("kms:DescribeKey", "key", id_)
    return Touched("key", arn, {})


def _kms(account: Account, action: str, params: Params) -> Iterator[Question]:
    if action != "DescribeKey":
        raise UnmappedError(f"what kms:{action} touches is not written down in {__name__}")
    yield account.question("kms:DescribeKey", _key(account, params["KeyId"]), kms_CallerAccount=account.id)


def _sns(account: Account, action: str, params: Params) -> Iterator[Question]:
    if action != "Publish":
        raise UnmappedError(f"what sns:{action} touches is not written down in {__name__}")
    arn = params["TopicArn"]
    yield account.question("sns:Publish", Touched("topic", arn, {}))
    topic = account.sns.topics.get(arn)
    yield from _through(account, "sns", TO_PUBLISH, [topic.kms_master_key_id if topic else None])


def _ssm(account: Account, action: str, params: Params) -> Iterator[Question]:
    if action != "GetParameter":
        raise UnmappedError(f"what ssm:{action} touches is not written down in {__name__}")
    arn = account.arn("ssm:GetParameter", "parameter", params["Name"].removeprefix("/"))
    yield account.question("ssm:GetParameter", Touched("parameter", arn, {}))


def _cluster(account: Account, params: Params) -> Touched:
    """EKS writes the cluster's name as {name} into the path, whatever botocore calls it."""
    name = params["name"]
    cluster = account.eks.clusters.get(name)
    return Touched(
        "cluster", account.arn("eks:DescribeCluster", "cluster", name), dict(cluster.tags if cluster else {})
    )


def _part(kind: str, parameter: str) -> Callable[[Account, Params], Touched]:
    """A part of a cluster: AWS gives its ARN a last segment that nobody can know before."""

    def find(account: Account, params: Params) -> Touched:
        id_ = f"{params['name']}/{params[parameter]}/0a1b2c3d"
        return Touched(kind, account.arn("eks:TagResource", kind, id_), {})

    return find


def _tagged(account: Account, params: Params) -> Touched:
    arn = params["resourceArn"]
    kind, _, name = arn.rpartition(":")[2].partition("/")
    cluster = account.eks.clusters.get(name) if kind == "cluster" else None
    return Touched(kind, arn, dict(cluster.tags if cluster else {}), dict(params["tags"]))


_EKS: dict[str, Callable[[Account, Params], Touched]] = {
    "DescribeAddon": _part("addon", "addonName"),
    "DescribeCluster": _cluster,
    "DescribeFargateProfile": _part("fargateprofile", "fargateProfileName"),
    "DescribeInsight": _cluster,
    "DescribeNodegroup": _part("nodegroup", "nodegroupName"),
    "ListAddons": _cluster,
    "ListFargateProfiles": _cluster,
    "ListInsights": _cluster,
    "ListNodegroups": _cluster,
    "TagResource": _tagged,
}


def _eks(account: Account, action: str, params: Params) -> Iterator[Question]:
    name = f"eks:{action}"
    if find := _EKS.get(action):
        yield account.question(name, find(account, params))
        return
    known = actions(name)
    if not known or known[0].types or not known[0].reads:
        raise UnmappedError(f"what {name} touches is not written down in {__name__}")
    yield account.question(name, None)
