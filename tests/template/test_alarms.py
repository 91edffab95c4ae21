"""What wakes people: every alarm reaches the topic, and the topic has a key that alarms may use."""

from typing import Any

import pytest

from tests.template.roles import RESOURCES, of_type

DAILY = {"EksInfoSilenceAlarm"}


@pytest.mark.parametrize("alarm", of_type("AWS::CloudWatch::Alarm"))
def test_every_alarm_reaches_the_topic(alarm: str) -> None:
    properties = RESOURCES[alarm]["Properties"]
    assert properties["AlarmActions"] == [{"Ref": "AlertsTopic"}]
    assert properties["OKActions"] == [{"Ref": "AlertsTopic"}]


@pytest.mark.parametrize("alarm", [name for name in RESOURCES if name.endswith("SilenceAlarm")])
def test_silence_is_three_hours_without_an_outcome_or_a_day_and_two_hours_of_a_daily_job(alarm: str) -> None:
    properties = RESOURCES[alarm]["Properties"]
    assert (properties["Namespace"], properties["MetricName"]) == ("Nightshift", "Outcomes")
    assert (properties["Period"], properties["EvaluationPeriods"]) == (3600, 26 if alarm in DAILY else 3)
    assert (properties["Statistic"], properties["Threshold"]) == ("Sum", 1)
    assert properties["ComparisonOperator"] == "LessThanThreshold"
    assert properties["TreatMissingData"] == "breaching"


def test_the_topic_has_a_key_that_alarms_may_use() -> None:
    """Under alias/aws/sns CloudWatch's alarms would silently never arrive."""
    key = RESOURCES[of_type("AWS::SNS::Topic")["AlertsTopic"]["KmsMasterKeyId"]["Ref"]]
    assert key["Type"] == "AWS::KMS::Key"
    services = _of_service(key["Properties"]["KeyPolicy"], "cloudwatch.amazonaws.com")
    assert services == [{"kms:Decrypt", "kms:GenerateDataKey*"}]
    topic_policy = of_type("AWS::SNS::TopicPolicy")["AlertsTopicPolicy"]["PolicyDocument"]
    assert _of_service(topic_policy, "cloudwatch.amazonaws.com") == [{"sns:Publish"}]


def _of_service(policy: dict[str, Any], service: str) -> list[set[str]]:
    """The actions of each statement for a service; each must be bound to this account."""
    mine = [each for each in policy["Statement"] if each["Principal"] == {"Service": service}]
    for each in mine:
        assert each["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    return [{each["Action"]} if isinstance(each["Action"], str) else set(each["Action"]) for each in mine]
