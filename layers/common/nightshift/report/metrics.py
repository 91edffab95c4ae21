"""The metrics of a run, as CloudWatch's embedded metric format: a line in the log, no call."""

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit

from nightshift.outcome import Outcome, Status

NAMESPACE = "Nightshift"


def emit(outcome: Outcome, stack_tag: str) -> None:
    """Outcomes counts the runs that got this far: the silence alarm watches it.

    Each metric costs $0.30 a month, so only what an alarm or a graph needs is one; the rest is in the log.
    """
    metrics = Metrics(namespace=NAMESPACE)
    metrics.add_dimension("stack", stack_tag)
    metrics.add_dimension("job", outcome.job)
    counts = {
        "Outcomes": 1,
        "Done": outcome.count(Status.DONE),
        "Failed": outcome.count(Status.FAILED),
        "Remaining": outcome.count(Status.REMAINING),
        **outcome.gauges,
    }
    for name, value in counts.items():
        metrics.add_metric(name, MetricUnit.Count, value)
    metrics.flush_metrics()
