"""What local/emulator.py promises, shown on a function of a few lines in place of the application."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from local import build, template
from local.emulator import ACCOUNT, Emulator, FunctionError, FunctionTimedOut

ANYWHERE = "http://127.0.0.1:9"  # nothing is asked of AWS here

TEMPLATE = """
Parameters:
  StackTag: {Type: String, Default: nightshift}
Globals:
  Function:
    Handler: app.handler
    Timeout: 1
    Layers: [{Ref: CommonLayer}]
    Environment: {Variables: {TAG: !Ref StackTag, WHERE: !Sub "${StackTag}.${AWS::Region}"}}
Resources:
  CommonLayer: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: CommonLayer}}
  ProbeFunction:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: ProbeFunction, MemorySize: 512, Environment: {Variables: {OWN: "1"}}}
"""

HANDLER = """
import importlib, os, time
import shared
calls = 0

def handler(event, context):
    global calls
    calls += 1
    print(f"call {calls}")
    importlib.import_module(event.get("import", "json"))
    time.sleep(event.get("sleep", 0))
    until = time.process_time() + event.get("burn", 0)
    while time.process_time() < until:
        pass
    if "raise" in event:
        raise ValueError(event["raise"])
    return {"calls": calls, "pid": os.getpid(), "environment": dict(os.environ)}
"""


@pytest.fixture(autouse=True)
def probe(built: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build that holds the function above."""
    for name, text in {
        "template.yaml": TEMPLATE,
        "ProbeFunction/app.py": HANDLER,
        "CommonLayer/python/shared.py": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(template, "BUILT", tmp_path)


def test_a_warm_function_answers_again() -> None:
    with Emulator("ProbeFunction", endpoint_url=ANYWHERE) as function:
        first, second = function.invoke({}), function.invoke({})
        logs = function.logs
    assert (first["calls"], second["calls"]) == (1, 2)
    assert first["pid"] == second["pid"]
    assert "call 1\n" in logs
    assert logs.count("REPORT RequestId") == 2


def test_the_environment_is_the_templates_and_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    more = {"OWN": "2"}
    with Emulator("ProbeFunction", endpoint_url=ANYWHERE, region="eu-west-3", environment=more) as function:
        answer = function.invoke({})
    environment = answer["environment"]
    assert environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "512"
    assert (environment["TAG"], environment["OWN"]) == ("nightshift", "2")
    assert environment["WHERE"] == "nightshift.eu-west-3"
    assert (environment["AWS_REGION"], environment["AWS_ACCESS_KEY_ID"]) == ("eu-west-3", "testing")
    assert not {"AWS_PROFILE", "HOME", "VIRTUAL_ENV"} & environment.keys()


def test_a_function_that_is_in_no_template() -> None:
    probe = template.read_function("ProbeFunction", region="eu-west-3", account=ACCOUNT)
    with Emulator(replace(probe, environment={"OWN": "3"}), endpoint_url=ANYWHERE) as function:
        assert function.invoke({})["environment"]["OWN"] == "3"


def test_the_cpu_that_is_counted_is_the_functions() -> None:
    with Emulator("ProbeFunction", endpoint_url=ANYWHERE) as function:
        function.invoke({})
        before = function.cpu_seconds
        function.invoke({"sleep": 0.5})
        slept = function.cpu_seconds
        function.invoke({"burn": 0.5})
        burnt = function.cpu_seconds
    assert 0 < slept - before < 0.25
    assert 0.5 <= burnt - slept < 0.75


def test_an_exception_is_told_from_an_answer() -> None:
    with Emulator("ProbeFunction", endpoint_url=ANYWHERE) as function, pytest.raises(FunctionError) as caught:
        function.invoke({"raise": "no such thing"})
    assert (caught.value.error_type, caught.value.message) == ("ValueError", "no such thing")


def test_a_package_that_is_not_in_the_layer_is_missing() -> None:
    import moto  # noqa: F401  # it is here, in our own environment

    with Emulator("ProbeFunction", endpoint_url=ANYWHERE) as function, pytest.raises(FunctionError) as caught:
        function.invoke({"import": "moto"})
    assert caught.value.error_type == "ModuleNotFoundError"


def test_a_timeout_is_told_from_an_error_and_the_function_starts_anew() -> None:
    with Emulator("ProbeFunction", endpoint_url=ANYWHERE) as function:
        function.invoke({})
        with pytest.raises(FunctionTimedOut):
            function.invoke({"sleep": 5})
        assert function.invoke({})["calls"] == 1
    with Emulator("ProbeFunction", endpoint_url=ANYWHERE, timeout=3) as function:
        assert function.invoke({"sleep": 1.1})["calls"] == 1


def test_functions_run_side_by_side() -> None:
    with (
        Emulator("ProbeFunction", endpoint_url=ANYWHERE) as one,
        Emulator("ProbeFunction", endpoint_url=ANYWHERE) as other,
    ):
        assert one.invoke({})["pid"] != other.invoke({})["pid"]


def test_nothing_is_left_behind() -> None:
    with Emulator("ProbeFunction", endpoint_url=ANYWHERE) as function:
        pid = function.invoke({})["pid"]
    assert _ends(pid)


def test_nothing_is_left_behind_by_a_killed_caller(tmp_path: Path) -> None:
    script = f"""
from pathlib import Path
from local import template
from local.emulator import Emulator
template.BUILT = Path({str(tmp_path)!r})
with Emulator("ProbeFunction", endpoint_url="{ANYWHERE}", timeout=60) as function:
    print(function.invoke({{}})["pid"], flush=True)
    function.invoke({{"sleep": 60}})
"""
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, cwd=build.ROOT, stdout=subprocess.PIPE, text=True) as caller:
        assert caller.stdout
        pid = int(caller.stdout.readline())
        caller.kill()
    assert _ends(pid)


def _ends(pid: int) -> bool:
    """Whether the process ends within a second; if not, ends it."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":  # where nobody reaps orphans, an ended one stays as a zombie
            return True
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    return False
