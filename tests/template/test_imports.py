"""What the import of a handler brings along: each module and library that it does not need is a longer cold start."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache

import pytest

from local.build import ROOT
from local.template import jobs

_NAMES = "import app, json, sys; print(json.dumps(list(sys.modules)))"

# Which jobs import modules whose names begin so.
NEEDED_BY: Mapping[str, set[str]] = {
    "nightshift.jobs.backup": {"backup"},
    "nightshift.jobs.cleanup": {"cleanup"},
    "nightshift.jobs.eks_info": {"eks_info"},
    "nightshift.jobs.network": {"network"},
    "nightshift.jobs.restore": {"restore"},
    "nightshift.jobs.status_check": {"status_check"},
    "nightshift.jobs.tagging": {"tagging"},
    "nightshift.aws.eks": {"eks_info"},
    "nightshift.aws.network": {"network"},
    "nightshift.aws.restor": {"restore"},
    "nightshift.clusters": {"eks_info"},
    "nightshift.plan.network": {"network"},
    "nightshift.plan.remedies": {"status_check"},
    "nightshift.plan.restore": {"restore"},
    "nightshift.plan.retention": {"cleanup", "restore"},
    "nightshift.report.mail": {"eks_info", "status_check"},
    # What of the libraries would be imported by a line that looks harmless.
    "aws_lambda_powertools.event_handler": set(),
    "aws_lambda_powertools.utilities.data_classes": set(),
    "aws_lambda_powertools.utilities.parser": set(),
    "pydantic.v1": set(),
}


@cache
def _imported(job: str) -> frozenset[str]:
    """In a process of its own, as a function starts."""
    path = os.pathsep.join((str(ROOT / "functions" / job), str(ROOT / "layers" / "common")))
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": path}
    done = subprocess.run([sys.executable, "-c", _NAMES], env=environment, check=True, capture_output=True, text=True)
    return frozenset(json.loads(done.stdout))


@pytest.mark.parametrize("prefix", NEEDED_BY)
def test_a_handler_imports_what_it_needs_and_no_more(prefix: str) -> None:
    assert {job for job in jobs() if any(name.startswith(prefix) for name in _imported(job))} == NEEDED_BY[prefix]


def test_every_job_is_looked_at() -> None:
    assert set().union(*NEEDED_BY.values()) == set(jobs())
