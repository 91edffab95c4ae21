"""`make invoke JOB=backup EVENT=events/backup-dry-run.json`: one run of a built function, answer on stdout.

By default it works on the embedded AWS with the demo fleet. AWS=real takes the caller's own account, and then
shows only what the run would do: changes need APPLY=yes.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from local.build import BuildError
from local.emulator import Emulator, FunctionError, FunctionTimedOut
from local.template import jobs, logical_id, read_function


class UsageError(Exception):
    """What is wrong with the command, and what was expected."""


def main() -> int:
    """Run it; 0 if the function answered, 1 if it raised or timed out, 2 if it could not be asked."""
    parser = argparse.ArgumentParser(description="Invoke a built function; see `make help`.")
    parser.add_argument("job", help="the folder in functions/, e.g. backup")
    parser.add_argument("event", help="a JSON file, e.g. events/backup-dry-run.json")
    given = os.environ.get
    parser.add_argument("--aws", default=given("AWS", ""), help="real: your own account")
    parser.add_argument("--apply", default=given("APPLY", ""), help="yes: with --aws real, change things")
    options = parser.parse_args()
    try:
        job, event = _job(options.job), _event(options.event)
        if options.aws not in ("", "real"):
            raise UsageError(f"AWS={options.aws}: expected AWS=real, or nothing for the embedded AWS")
        if options.aws == "real" and options.apply != "yes":
            event = shown_only(event)
        with _account(options.aws) as (url, topic):
            if url is None and options.apply == "yes" and not topic and _tells_people(job):
                raise UsageError(
                    f"{job} tells people: set NIGHTSHIFT_TOPIC_ARN to the output AlertsTopic of your stack"
                )
            environment = {"NIGHTSHIFT_TOPIC_ARN": topic} if topic else {}
            with Emulator(logical_id(job), endpoint_url=url, environment=environment) as function:
                return _invoke(function, event)
    except (UsageError, BuildError) as error:
        print(f"invoke: {error}", file=sys.stderr)
        return 2


def _invoke(function: Emulator, event: object) -> int:
    try:
        answer = function.invoke(event)
    except (FunctionError, FunctionTimedOut) as error:
        sys.stderr.write(function.logs)
        print(f"invoke: {error}", file=sys.stderr)
        return 1
    sys.stderr.write(function.logs)
    print(json.dumps(answer, indent=2))
    return 0


def _job(name: str) -> str:
    if name not in jobs():
        raise UsageError(f"there is no job {name!r}; JOB is one of: {', '.join(jobs())}")
    return name


def _event(name: str) -> Any:
    path = Path(name)
    if not path.is_file():
        there = ", ".join(str(each) for each in sorted(Path("events").glob("*.json")))
        raise UsageError(f"there is no event file {name!r}; EVENT is a JSON file, such as: {there}")
    try:
        return json.loads(path.read_text())
    except ValueError as error:
        raise UsageError(f"{name} is not JSON: {error}") from error


def _tells_people(job: str) -> bool:
    return "NIGHTSHIFT_TOPIC_ARN" in read_function(logical_id(job), region="", account="").environment


def shown_only(event: Any) -> Any:
    """The event with dry_run, whatever it says; UsageError where that would not hold it back."""
    # A scheduled event has no dry_run field, so adding one might change nothing: it is refused instead.
    if not isinstance(event, dict) or "source" in event:
        raise UsageError("AWS=real only shows, and only a person's request: for others say APPLY=yes")
    return event | {"dry_run": True}


@contextmanager
def _account(aws: str) -> Iterator[tuple[str | None, str | None]]:
    """Where AWS answers (None: where the caller's own settings say), and the topic of the alerts there."""
    if aws == "real":
        print("invoke: on your own account, which the emulator calls 012345678912", file=sys.stderr)
        yield None, os.environ.get("NIGHTSHIFT_TOPIC_ARN")
        return
    # Only here: the embedded AWS brings moto, which the real one must not wait for.
    from local.stage import demo_stage, make_topic

    with demo_stage() as embedded:
        yield embedded.url, make_topic(embedded.url)


if __name__ == "__main__":
    sys.exit(main())
