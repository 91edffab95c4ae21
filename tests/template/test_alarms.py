"""What wakes people: every alarm reaches the topic, and the topic has a key that alarms may use."""

from typing import Any

import pytest

from tests.template.roles import PARAMETERS, RESOURCES, of_type

SILENCE = sorted(name for name in RESOURCES if name.endswith("SilenceAlarm"))
DAILY = {"EksInfoSilenceAlarm"}

# "The maximum value for the period multiplied by the evaluation periods" where a period is an hour or more
# (PutMetricAlarm): seven days.
MOST_SECONDS = 604_800


@pytest.mark.parametrize("alarm", of_type("AWS::CloudWatch::Alarm"))
def test_every_alarm_reaches_the_topic(alarm: str) -> None:
    properties = RESOURCES[alarm]["Properties"]
    assert properties["AlarmActions"] == [{"Ref": "AlertsTopic"}]
    assert properties["OKActions"] == [{"Ref": "AlertsTopic"}]


@pytest.mark.parametrize("alarm", SILENCE)
def test_silence_is_hours_without_an_outcome_as_many_as_its_parameter_says(alarm: str) -> None:
    properties, hours = RESOURCES[alarm]["Properties"], _hours(alarm)
    assert (properties["Namespace"], properties["MetricName"]) == ("Nightshift", "Outcomes")
    assert (properties["Period"], properties["EvaluationPeriods"]) == (3600, {"Ref": hours})
    assert (properties["Statistic"], properties["Threshold"]) == ("Sum", 1)
    assert properties["ComparisonOperator"] == "LessThanThreshold"
    assert properties["TreatMissingData"] == "breaching"
    assert f"has reached its outcome for ${{{hours}}} hours: invoke it" in properties["AlarmDescription"]["Fn::Sub"]


@pytest.mark.parametrize("alarm", SILENCE)
def test_its_hours_are_three_or_a_day_and_two_of_a_daily_job_and_never_more_than_cloudwatch_takes(alarm: str) -> None:
    parameter, schedule = PARAMETERS[_hours(alarm)], alarm.replace("SilenceAlarm", "Schedule")
    assert (parameter["Type"], parameter["Default"]) == ("Number", 26 if alarm in DAILY else 3)
    assert (parameter["MinValue"], parameter["MaxValue"] * 3600) == (1, MOST_SECONDS)
    assert schedule in PARAMETERS
    assert f"more than {schedule} leaves between runs" in parameter["Description"]


def test_there_are_hours_for_no_other_alarm() -> None:
    assert sorted(name for name in PARAMETERS if name.endswith("Hours")) == [_hours(alarm) for alarm in SILENCE]


@pytest.mark.parametrize(
    ("held", "made", "deleted", "days"),
    [
        (90_000, 1_000, 300, 100),  # 100 a day
        (99_000, 7_000, 0, 1),
        (100_000, 7, 0, 0),
        (50_000, 700, 700, "years"),
        (99_999, 700, 5_000, "years"),
    ],
)
def test_the_days_until_the_quota_are_those_of_the_last_week_s_growth(
    held: int, made: int, deleted: int, days: int | str
) -> None:
    """The expression reads as Python, where IF is a function."""
    properties = RESOURCES["CleanupQuotaAlarm"]["Properties"]
    [formula] = [each["Expression"]["Fn::Sub"] for each in properties["Metrics"] if "Expression" in each]
    periods = {each["MetricStat"]["Period"] for each in properties["Metrics"] if "MetricStat" in each}
    assert (periods, properties["EvaluationPeriods"]) == ({7 * 24 * 3600}, 1)
    names = {"IF": lambda holds, then, other: then if holds else other, "held": held, "made": made, "deleted": deleted}
    found = eval(formula.replace("${SnapshotQuota}", "100_000"), {}, names)
    assert found == days if isinstance(days, int) else found > 1000
    assert (found < properties["Threshold"]) == (days in (0, 1))


def test_the_topic_has_a_key_that_alarms_may_use() -> None:
    """Under alias/aws/sns CloudWatch's alarms would silently never arrive."""
    key = RESOURCES[of_type("AWS::SNS::Topic")["AlertsTopic"]["KmsMasterKeyId"]["Ref"]]
    assert key["Type"] == "AWS::KMS::Key"
    services = _of_service(key["Properties"]["KeyPolicy"], "cloudwatch.amazonaws.com")
    assert services == [{"kms:Decrypt", "kms:GenerateDataKey*"}]
    topic_policy = of_type("AWS::SNS::TopicPolicy")["AlertsTopicPolicy"]["PolicyDocument"]
    assert _of_service(topic_policy, "cloudwatch.amazonaws.com") == [{"sns:Publish"}]


def _hours(alarm: str) -> str:
    return alarm.replace("SilenceAlarm", "SilenceHours")


def _of_service(policy: dict[str, Any], service: str) -> list[set[str]]:
    """The actions of each statement for a service; each must be bound to this account."""
    mine = [each for each in policy["Statement"] if each["Principal"] == {"Service": service}]
    for each in mine:
        assert each["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    return [{each["Action"]} if isinstance(each["Action"], str) else set(each["Action"]) for each in mine]
