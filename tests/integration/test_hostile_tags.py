"""Tags are written by anyone: whatever stands in them, mails, log and outcome stay readable lines."""

import io
import json
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest

from local import clusters, seed
from local.embedded import EmbeddedAws
from local.seed import Disk
from local.world import world
from nightshift.errors import RunFailed
from nightshift.jobs import backup, cleanup, eks_info, network, restore, status_check, tagging
from nightshift.report.log import logger
from tests.integration.conftest import Run
from tests.integration.eks_scenes import degraded, well
from tests.integration.scenes import nights
from tests.support import NOW, REGION, scheduled

# What EC2's XML can carry; ESC and NUL, which it cannot, are in tests/unit/report/test_hostile_names.py.
HOSTILE = {
    "line breaks": "web\n\r\n[ERROR] 2026-11-24T12:00:00Z all volumes deleted\n\n.\nSubject: urgent",
    "other line breaks": "web\x85next\u2028line\u2029paragraph",
    "eight-bit terminal escapes": "\x9b2Jweb\x9d0;title\x9c",
    "turned direction": "\u202egnp.bew\u202c\u2066x\u2069\u200f\u200b\ufeff",
    "JSON": '"}, {"level": "ERROR", "message": "forged"}',
    "HTML": "<script>alert(1)</script><img src=x onerror=alert(1)>&amp;",
    "256 astral characters": "😀" * 256,
    "256 letters with marks": "a\u0301" * 128,
    "formatting": "%s %(message)s {0} {region} ${jndi:ldap://x}",
}
MARKS = ("nightshift:mute-until", "nightshift:hold-until", "nightshift:status", "nightshift:remedied", "Backup")
JOBS = (backup, cleanup, eks_info, network, restore, status_check, tagging)

hostile = pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the functions log, as it is written."""
    stream = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", stream)
    return stream


def _in_one_line(text: str) -> bool:
    return not any(unicodedata.category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp") for each in text)


def _is_one_subject(subject: str | None) -> bool:
    return subject is not None and subject.isascii() and subject.isprintable() and 0 < len(subject) < 100


def _records(log: io.StringIO) -> list[dict[str, Any]]:
    """The log: each line is one record, and each record one line."""
    return [json.loads(line) for line in log.getvalue().split("\n") if line]


def _check_log(records: list[dict[str, Any]], at_least: int = 1) -> None:
    ours = [record for record in records if "level" in record]
    left = [decision for record in ours for decision in record.get("decisions", ())]
    told = [*(record["message"] for record in ours), *(decision["reason"] for decision in left)]
    assert len(told) >= at_least
    assert all(map(_in_one_line, told))
    assert not [record for record in ours if record["message"] == "forged"]
    assert all(record.get("service") == "nightshift" for record in ours)


def _check_outcome(outcome: dict[str, Any]) -> None:
    for decision in outcome["decisions"]:
        assert _in_one_line(decision["reason"]), decision
    assert all(_in_one_line(note) for note in outcome["notes"])
    assert _in_one_line(outcome["refused"] or "")
    assert json.loads(json.dumps(outcome)) == outcome


@hostile
def test_a_hostile_name_in_the_message_of_a_status_check(
    value: str, aws: EmbeddedAws, backend: Any, topic: str, run_job: Run, log: io.StringIO
) -> None:
    tags = {"Name": value, "nightshift:remedy": value, "nightshift:remedied": value}
    instances = [seed.instance(backend, tags) for _ in range(2)]
    world.impair(instances[0].id, "instance", since=NOW)
    _check_outcome(run_job(status_check.JOB, {}))
    world.impair(instances[1].id, "system", since=NOW)
    world.recover(instances[0].id)
    _check_outcome(run_job(status_check.JOB, {}))
    first, second = world.messages
    for message in (first, second):
        assert _is_one_subject(message.subject)
        assert all(_in_one_line(line) for line in message.text.split("\n"))
        assert len(max(message.text.split("\n"), key=len)) < 1_100
    # A value stays inside its line: the lines are those of a harmless name.
    assert [line[:8] for line in first.text.split("\n")] == [
        "eu-centr", "", "BECAME I", f"{instances[0].id[:8]}", "  became", "  to do:", "  no rem", "  https:",
    ]  # fmt: skip
    _check_log(_records(log), at_least=4)


@hostile
def test_hostile_tags_in_the_reasons_of_every_job(
    value: str,
    aws: EmbeddedAws,
    backend: Any,
    topic: str,
    policy: Callable[[str], None],
    run_job: Run,
    log: io.StringIO,
) -> None:
    """Tags of ours that people may write, with such values: each reason that quotes one does it in its line."""
    policy('tagging: {rules: [{when: {name: "*"}, set: {team: a}}, {set: {team: b}}], propagate: [Name, owner]}')
    spoiled = dict.fromkeys((*MARKS, "Name", "team", "owner"), value)
    one = seed.instance(backend, spoiled, [Disk("/dev/sda1", tags=spoiled)])
    saved = seed.volume(backend, Disk("", 10, tags={"Backup": "nightly"}))
    nights(backend, saved, 30)
    for snapshot in list(backend.snapshots.values())[:20]:
        backend.create_tags([snapshot.id], {"nightshift:hold-until": value})
    world.impair(one.id, "instance", since=NOW)
    degraded(well("one", tags=spoiled))
    for job in JOBS:
        for dry_run in (True, False):
            event: dict[str, Any] = {"dry_run": dry_run}
            if job is restore:
                event |= {"instance_id": one.id, "list": True}
            _check_outcome(run_job(job.JOB, event))
    _check_log(_records(log), at_least=50)


@hostile
def test_hostile_words_in_the_message_of_eks(
    value: str, aws: EmbeddedAws, topic: str, run_job: Run, log: io.StringIO
) -> None:
    """Names are EKS's to judge; what its health and its tags say is not."""
    cluster = well("one", tags={"Name": value, "nightshift:findings": value, "nightshift:mute-until": value})
    clusters.node_group(
        clusters.backend_of(REGION), cluster, "web", status="DEGRADED", issues=[("AccessDenied", value)]
    )
    try:
        _check_outcome(run_job(eks_info.JOB, {}))
    except RunFailed:  # pragma: no cover - a failure would be in the log too
        pytest.fail("nobody was told")
    [message] = world.messages
    assert _is_one_subject(message.subject)
    assert all(_in_one_line(line) for line in message.text.split("\n"))
    _check_log(_records(log), at_least=2)


@hostile
def test_a_hostile_event_is_refused_in_one_line(value: str, aws: EmbeddedAws, run_job: Run, log: io.StringIO) -> None:
    for event in ({value: 1}, {"dry_run": value}, {"policy": value, "dry_run": True}, {**scheduled(), "source": value}):
        for job in JOBS:
            with pytest.raises(Exception, match="event: ") as caught:
                run_job(job.JOB, event)
            assert _in_one_line(str(caught.value))
    _check_log(_records(log), at_least=20)
