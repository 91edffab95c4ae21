"""Probes of backup, cleanup, status_check, tagging and restore."""

from typing import Any

from tests.integration.probes import Call, Probe, Tags, Things, pairs, specified

STACK = "nightshift:stack"
OURS, ANOTHER_S = {STACK: "nightshift"}, {STACK: "somebody-else"}
RESTORED = {"nightshift:restored-from": "snap-1"}
REPLACED = {"nightshift:replaced-by": "vol-1 i-1 /dev/sdf k"}
# What looks like a mark of a restore and is none, for its value or its key.
NO_MARK: tuple[Tags, ...] = (
    {},
    {"nightshift:restored-from": "no", "nightshift:replaced-by": "no"},
    {"nightshift:restore": "x"},
)


def tagging(kind: str) -> Call:
    return lambda ec2, it, asked: ec2.create_tags(Resources=[it[kind]], Tags=pairs(asked))


def untagging(kind: str) -> Call:
    return lambda ec2, it, asked: ec2.delete_tags(Resources=[it[kind]], Tags=[{"Key": key} for key in asked])


def stop(ec2: Any, it: Things, _: Tags) -> object:
    return ec2.stop_instances(InstanceIds=[it["instance"]])


def start(ec2: Any, it: Things, _: Tags) -> object:
    return ec2.start_instances(InstanceIds=[it["instance"]])


def snapshot(ec2: Any, it: Things, asked: Tags) -> object:
    return ec2.create_snapshot(VolumeId=it["volume"], **specified("snapshot", asked))


def snapshots(ec2: Any, it: Things, asked: Tags) -> object:
    return ec2.create_snapshots(InstanceSpecification={"InstanceId": it["instance"]}, **specified("snapshot", asked))


def make_volume(ec2: Any, it: Things, asked: Tags) -> object:
    return ec2.create_volume(SnapshotId=it["snapshot"], AvailabilityZone="eu-central-1a", **specified("volume", asked))


def attach(ec2: Any, it: Things, _: Tags) -> object:
    return ec2.attach_volume(VolumeId=it["volume"], InstanceId=it["instance"], Device="/dev/sdg")


def detach(ec2: Any, it: Things, _: Tags) -> object:
    return ec2.detach_volume(VolumeId=it["disk"])


def modify(ec2: Any, it: Things, _: Tags) -> object:
    mapping = [{"DeviceName": "/dev/sda1", "Ebs": {"DeleteOnTermination": True}}]
    return ec2.modify_instance_attribute(InstanceId=it["instance"], BlockDeviceMappings=mapping)


def replace_root(ec2: Any, it: Things, asked: Tags) -> object:
    return ec2.create_replace_root_volume_task(
        InstanceId=it["instance"], SnapshotId=it["snapshot"], **specified("replace-root-volume-task", asked)
    )


BACKUP = (
    Probe("backup", "ec2:CreateSnapshot", snapshot, {}, OURS, never=({}, ANOTHER_S, {"team": "shop"})),
    Probe("backup", "ec2:CreateSnapshots", snapshots, {}, OURS, never=({}, ANOTHER_S, {"team": "shop"})),
)
CLEANUP = (
    Probe(
        "cleanup",
        "ec2:DeleteSnapshot",
        lambda ec2, it, _: ec2.delete_snapshot(SnapshotId=it["snapshot"]),
        OURS,
        {},
        foreign=({}, ANOTHER_S, {"team": "nightshift"}),
    ),
    Probe(
        "cleanup",
        "ec2:DescribeSnapshotAttribute",
        lambda ec2, it, _: ec2.describe_snapshot_attribute(
            SnapshotId=it["snapshot"], Attribute="createVolumePermission"
        ),
        OURS,
        {},
        foreign=({}, ANOTHER_S),
    ),
)
REMEDY = "nightshift:remedy"
TOLD = {"nightshift:status": "ok", "nightshift:remedied": "2026-11-24T12:00:00Z", "nightshift:remedied-by": "x"}
# Keys of Nightshift's that neither tagging nor status_check may write on an instance.
NOT_THEIRS = (
    {REMEDY: "reboot"},
    {STACK: "nightshift"},
    {"nightshift:slot/nightly": "2026-11-24T03:00:00Z"},
    {"nightshift:hold-until": "2020-01-01"},
    {"nightshift:mute-until": "2099-01-01"},
    RESTORED,
    REPLACED,
    {"nightshift:network-stack": "nightshift"},
)
# A condition on aws:ResourceTag/nightshift:remedy is met by these too.
IN_ANOTHER_CASE = tuple(
    {key: "x"} for key in ("NightShift:Remedy", "NIGHTSHIFT:restored-from", "nightShift:Replaced-By")
)
STATUS_CHECK = (
    Probe(
        "status_check",
        "ec2:CreateTags",
        tagging("instance"),
        {},
        TOLD,
        never=(*NOT_THEIRS, {"Name": "x"}, {**TOLD, REMEDY: "reboot"}, {"NIGHTSHIFT:STATUS": "ok"}, {}),
    ),
    Probe(
        "status_check",
        "ec2:RebootInstances",
        lambda ec2, it, _: ec2.reboot_instances(InstanceIds=[it["instance"]]),
        {REMEDY: "reboot"},
        {},
        foreign=({}, {REMEDY: "stop-start"}, {REMEDY: "none"}),
    ),
    *(
        Probe("status_check", action, call, {REMEDY: "stop-start"}, {}, foreign=({}, {REMEDY: "reboot"}))
        for action, call in (("ec2:StopInstances", stop), ("ec2:StartInstances", start))
    ),
)
PEOPLE_S = {"team": "shop", "Backup": "nightly"}
TAGGING = tuple(
    Probe(
        "tagging",
        "ec2:CreateTags",
        tagging(kind),
        {},
        PEOPLE_S,
        never=(*NOT_THEIRS, *({**PEOPLE_S, **each} for each in NOT_THEIRS), TOLD, *IN_ANOTHER_CASE),
    )
    for kind in ("instance", "disk", "interface")
)
MARKS = {**RESTORED, "nightshift:restore": "replace i-1", "nightshift:restored": "x", **REPLACED}
NO_RESTORE_S = (OURS, {REMEDY: "reboot"}, {"Name": "x"}, {**MARKS, "Name": "x"})
PURPOSE = {"nightshift:restore": "root i-1 /dev/sda1", "nightshift:former": "vol-1"}
RESTORE = (
    Probe("restore", "ec2:CreateVolume", make_volume, {}, RESTORED, never=({}, PEOPLE_S, NO_MARK[1])),
    Probe("restore", "ec2:CreateTags", tagging("volume"), {}, MARKS, never=(*NO_RESTORE_S, {})),
    Probe("restore", "ec2:DeleteTags", untagging("volume"), MARKS, MARKS, never=(*NO_RESTORE_S, {})),
    Probe(
        "restore",
        "ec2:CreateReplaceRootVolumeTask",
        replace_root,
        {},
        PURPOSE,
        never=({}, {"nightshift:former": "vol-1"}, {"nightshift:restore": "x"}),
    ),
    *(
        Probe("restore", action, call, own, {}, foreign=NO_MARK)
        for action, call in (
            ("ec2:AttachVolume", attach),
            ("ec2:DetachVolume", detach),
            ("ec2:ModifyInstanceAttribute", modify),
        )
        for own in (RESTORED, REPLACED)
    ),
)
NIGHT = (*BACKUP, *CLEANUP, *STATUS_CHECK, *TAGGING, *RESTORE)
