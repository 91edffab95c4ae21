"""Every job has all that a job needs, under its one name, and nothing is left over of one that is gone."""

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from local.build import ROOT
from local.template import job_of, jobs, logical_id
from nightshift.job import Job
from nightshift.request import Call, parse
from tests.template.roles import FUNCTIONS, PARAMETERS, RESOURCES, TEMPLATE, of_type

EVENTS = sorted((ROOT / "events").iterdir())
MOST_LINES = 15

every_job = pytest.mark.parametrize("name", jobs())
# A job that has a scheduled event; the others wait for a person.
every_scheduled_job = pytest.mark.parametrize(
    "name", [name for name in jobs() if (ROOT / f"events/{name}.json").exists()]
)


def job(name: str) -> Job[Any, Any]:
    found: Job[Any, Any] = importlib.import_module(f"nightshift.jobs.{name}").JOB
    return found


def block(name: str) -> str:
    """What the logical ids of a job begin with: StatusCheck."""
    return logical_id(name).removesuffix("Function")


def call(path: Path) -> Call[Any]:
    return parse(json.loads(path.read_text()), job(job_of(path)).request)


@every_job
def test_the_folder_holds_a_thin_handler_and_nothing_else(name: str) -> None:
    folder = ROOT / "functions" / name
    assert [path.name for path in folder.iterdir() if path.name != "__pycache__"] == ["app.py"]
    assert len((folder / "app.py").read_text().splitlines()) <= MOST_LINES


@every_job
def test_the_module_has_the_job_of_that_name(name: str) -> None:
    assert job(name).name == name


@every_job
def test_the_template_has_its_function(name: str) -> None:
    function = FUNCTIONS[logical_id(name)]
    assert function["CodeUri"] == f"functions/{name}"
    assert function["LoggingConfig"] == {"LogGroup": {"Ref": f"{block(name)}Logs"}}
    assert TEMPLATE["Outputs"][logical_id(name)]["Value"] == {"Ref": logical_id(name)}


@every_job
def test_its_errors_are_an_alarm(name: str) -> None:
    alarm = RESOURCES[f"{block(name)}ErrorsAlarm"]["Properties"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/Lambda", "Errors")
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": logical_id(name)}}]


@every_job
def test_a_person_can_see_what_it_would_do(name: str) -> None:
    shown = call(ROOT / "events" / f"{name}-dry-run.json")
    assert shown.by_person
    assert shown.request.dry_run


@every_scheduled_job
def test_its_schedule_is_a_parameter(name: str) -> None:
    schedules = [event["Properties"] for event in _events(name) if event["Type"] == "Schedule"]
    assert schedules == [{"Schedule": {"Ref": f"{block(name)}Schedule"}}]
    assert f"{block(name)}Schedule" in PARAMETERS
    assert json.loads((ROOT / "events" / f"{name}.json").read_text())["source"] == "aws.events"


@every_scheduled_job
def test_its_silence_is_an_alarm(name: str) -> None:
    alarm = RESOURCES[f"{block(name)}SilenceAlarm"]["Properties"]
    assert {"Name": "job", "Value": name} in alarm["Dimensions"]


def test_only_a_job_with_a_scheduled_event_has_a_schedule() -> None:
    scheduled = [name for name in jobs() if any(event["Type"].startswith("Schedule") for event in _events(name))]
    assert scheduled == [name for name in jobs() if (ROOT / f"events/{name}.json").exists()]


@pytest.mark.parametrize("path", EVENTS, ids=lambda path: path.stem)
def test_every_event_is_one_of_a_job(path: Path) -> None:
    assert path.suffix == ".json"
    assert call(path).by_person is ("source" not in json.loads(path.read_text()))


def test_nothing_is_left_over() -> None:
    modules = {path.stem for path in (ROOT / "layers/common/nightshift/jobs").glob("*.py")} - {"__init__"}
    assert modules == set(jobs())
    assert FUNCTIONS.keys() == {logical_id(name) for name in jobs()}
    assert of_type("AWS::Logs::LogGroup").keys() == {f"{block(name)}Logs" for name in jobs()}
    alarms = of_type("AWS::CloudWatch::Alarm")
    assert [alarm for alarm in alarms if not alarm.startswith(tuple(block(name) for name in jobs()))] == []


def _events(name: str) -> list[dict[str, Any]]:
    return list(FUNCTIONS[logical_id(name)].get("Events", {}).values())
