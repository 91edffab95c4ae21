"""Answers are read as botocore reads them, only faster."""

from datetime import datetime
from typing import Any

import botocore.session
import pytest
from botocore.parsers import BaseXMLResponseParser, EC2QueryParser

from nightshift.aws.answers import AnswerReaders

SHAPE: Any = botocore.session.get_session().get_service_model("ec2").operation_model("DescribeSnapshots").output_shape
ITEM = (
    "<item><snapshotId>snap-1</snapshotId><startTime>2026-11-24T03:00:05.123Z</startTime><volumeSize>8</volumeSize>"
    "<encrypted>true</encrypted><unknown>x</unknown><tagSet><item><key>a{b}c</key><value/></item>"
    "<item><key>k</key><value>v}w</value></item></tagSet></item>"
)
NAMESPACES = ("", ' xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"')


@pytest.mark.parametrize("items", ["", ITEM, ITEM * 2])
@pytest.mark.parametrize("namespace", NAMESPACES)
def test_a_describe_is_read_as_by_botocore(namespace: str, items: str) -> None:
    body = (
        f"<DescribeSnapshotsResponse{namespace}><requestId>r</requestId><snapshotSet>{items}</snapshotSet>"
        "<nextToken>n</nextToken></DescribeSnapshotsResponse>"
    )
    answer: Any = {"status_code": 200, "headers": {}, "body": body.encode()}
    read = AnswerReaders().create_parser("ec2").parse(answer, SHAPE)
    assert read == EC2QueryParser(timestamp_parser=datetime.fromisoformat).parse(answer, SHAPE)
    assert len(read["Snapshots"]) == items.count("<snapshotId>")


def test_what_is_overridden_is_what_botocore_asks() -> None:
    """Else the override would be dead code."""
    assert "_node_tag" in BaseXMLResponseParser._build_name_to_xml_node.__code__.co_names  # type: ignore[attr-defined]
