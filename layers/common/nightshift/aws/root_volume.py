"""Replacing the root volume of a running instance by a task of AWS's."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from nightshift.aws.describe import filters, pages, tags_of
from nightshift.aws.faults import aws_errors
from nightshift.aws.session import Aws
from nightshift.plan.restore_changes import ReplaceRoot
from nightshift.plan.restore_root import RootTask
from nightshift.plan.tags import FORMER


def tasks_of(aws: Aws, instance_id: str) -> list[RootTask]:
    """The tasks that AWS still knows of this instance."""
    answers = pages(
        aws.ec2, "describe_replace_root_volume_tasks", None, Filters=filters({"instance-id": [instance_id]})
    )
    return [_task(described) for page in answers for described in page["ReplaceRootVolumeTasks"]]


def replace(aws: Aws, change: ReplaceRoot, token: str, tags: Mapping[str, str]) -> RootTask:
    """Ask for the replacement; the former volume is kept. With a token that was used, the task of then. AwsError."""
    with aws_errors():
        answer = aws.ec2.create_replace_root_volume_task(
            InstanceId=change.instance_id,
            SnapshotId=change.snapshot_id,
            ClientToken=token,
            DeleteReplacedRootVolume=False,
            TagSpecifications=[
                {
                    "ResourceType": "replace-root-volume-task",
                    "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
                }
            ],
        )
    return _task(answer["ReplaceRootVolumeTask"])


def _task(described: Any) -> RootTask:
    return RootTask(
        described["ReplaceRootVolumeTaskId"],
        described["TaskState"],
        described.get("SnapshotId", ""),
        datetime.fromisoformat(described["StartTime"]),
        tags_of(described).get(FORMER),
    )
