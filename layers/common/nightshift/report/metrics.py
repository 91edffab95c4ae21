"""The metrics of a run, as CloudWatch's embedded metric format: a line in the log, no call."""

from collections.abc import Mapping

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit

from nightshift.outcome import Outcome, Status

NAMESPACE = "Nightshift"


def emit(outcome: Outcome, stack_tag: str) -> None:
    """Outcomes counts the runs that got this far: the silence alarm watches it.

    Each metric costs $0.30 a month, so only what an alarm or a graph needs is one; the rest is in the log.
    """
    dimensions = {"stack": stack_tag, "job": outcome.job}
    counts = outcome.counts
    values = {
        "Outcomes": 1,
        "Done": counts[Status.DONE],
        "Failed": counts[Status.FAILED],
        "Remaining": counts[Status.REMAINING],
        **outcome.gauges,
    }
    _flush(dimensions, values)
    for plan, gauges in outcome.plan_gauges.items():
        _flush(dimensions | {"plan": plan}, gauges)


def _flush(dimensions: Mapping[str, str], values: Mapping[str, int]) -> None:
    metrics = Metrics(namespace=NAMESPACE)
    for name, value in dimensions.items():
        metrics.add_dimension(name, value)
    for name, count in values.items():
        metrics.add_metric(name, MetricUnit.Count, count)
    metrics.flush_metrics()
