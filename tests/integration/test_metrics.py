"""Every alarm watches a metric that some job really tells, with just these dimensions."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from local.template import read_source
from nightshift.jobs import backup, cleanup, eks_info, status_check, tagging
from nightshift.report.metrics import NAMESPACE
from tests.integration.scenes import machine
from tests.support import scheduled

RESOURCES = read_source()["Resources"]
ALARMS = {
    name: resource["Properties"]
    for name, resource in RESOURCES.items()
    if resource["Type"] == "AWS::CloudWatch::Alarm" and resource["Properties"].get("Namespace") != "AWS/Lambda"
}
QUERY = re.compile(
    r'SELECT MIN\("(\w+)"\) FROM SCHEMA\("Nightshift", "stack", "job", "plan"\) '
    r"""WHERE "stack" = '\${StackTag}' AND "job" = '(\w+)' GROUP BY "plan" ORDER BY MIN\(\) DESC"""
)


@pytest.mark.usefixtures("topic")
def test_what_alarms_watch_is_told(
    backend: Any,
    run_job: Callable[..., dict[str, Any]],
    measured: Callable[[], Mapping[str, Mapping[str, int]]],
) -> None:
    machine(backend)
    for job in (backup.JOB, cleanup.JOB, status_check.JOB, tagging.JOB, eks_info.JOB):
        run_job(job, scheduled())
    told = {f"{dimensions} {name}" for dimensions, values in measured().items() for name in values}
    watched = {name: [*_watched(alarm)] for name, alarm in ALARMS.items()}
    assert all(watched.values())
    assert {name: [each for each in metrics if each not in told] for name, metrics in watched.items()} == {
        name: [] for name in ALARMS
    }


def _watched(alarm: Mapping[str, Any]) -> Iterator[str]:
    """The metrics of an alarm as they are told: dimensions and name."""
    if "MetricName" in alarm:
        yield _metric(alarm)
    for each in alarm.get("Metrics", ()):
        if "MetricStat" in each:
            yield _metric(each["MetricStat"]["Metric"])
        elif found := QUERY.fullmatch(each["Expression"]["Fn::Sub"]):
            yield f"stack=nightshift job={found[2]} plan=nightly {found[1]}"


def _metric(metric: Mapping[str, Any]) -> str:
    assert metric["Namespace"] == NAMESPACE
    values = {each["Name"]: each["Value"] for each in metric["Dimensions"]}
    assert values["stack"] == {"Ref": "StackTag"}
    return f"stack=nightshift job={values['job']} {metric['MetricName']}"
