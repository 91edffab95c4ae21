"""A bad day at AWS, fault by fault, over HTTP: each costs what it meets and nothing else, and its code is told.

The faults have numbers, 1 to 30; the ids of the tests begin with them. Four jobs: backup, cleanup, tagging and status
check. Each has four things to do here. The others:

| fault | where |
|---|---|
| 3, 30 of a remedy | test_status_check_remedies: an_unclear_answer_to_a_reboot, an_interrupted_stop_start |
| 4 real slow socket, 5 of reads, 21 to 24 of reads | test_bad_day_reads |
| 6, 16, 27 with what is there then | test_bad_day_meanwhile |
| 7 waited for | test_backup_limits: a_full_account_is_waited_for, what_a_full_account_leaves_no_time_for |
| 8 what blocks is named | test_backup_limits: a_blocked_volume_holds_up_no_other, where_nothing_is_free |
| 11 without people's tags | test_backup_tags: a_refusal_of_people_s_tags_is_answered_once_without_them |
| 9 beside cleanup, 13 and 19 asked once, 22 at the first call, 24 of volumes | test_bad_day_region |
| 14 | test_backup_limits: a_snapshot_that_is_not_to_be_seen_yet_is_not_made_twice |
| 17, 19 met at the call | test_cleanup_faults: one_refusal_never_stops_the_next_deletion |
| 25 a start that falls back | test_status_check_remedies: one_that_falls_back_to_stopped_has_failed |
| 26 | test_backup_limits: failed_snapshots_are_due_again; test_bad_day_region: with cleanup |
| 25, 28, 29 of restores | test_restore_refused, test_restore_faults, test_restore_traps, test_restore_answers |
| 30 killed, twice | test_bad_day_meanwhile; test_peers_backup: an_event_delivered_twice; test_restore_cut |
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from local.embedded import EmbeddedAws
from local.wire import Answer, Fault
from local.world import world
from nightshift.aws.session import MOST_ATTEMPTS, SENT_ONCE
from nightshift.errors import RunFailed
from tests.integration.bad_days import CHANGES, POLICY, Lasting, a_day, held_true
from tests.integration.scenes import CUT, DENIED, LOST, THROTTLE, Trouble
from tests.support import by_resource, scheduled

type Run = Callable[..., dict[str, Any]]
type Made = Answer | Fault

FOR_GOOD = 10_000
EVERY_JOB = tuple(CHANGES)
UNREADABLE = Answer(body=b"<html><body>Bad gateway, but with status 200</body></html>")
NOTHING_IN_IT = Answer(body=b"<CreateSnapshotsResponse><requestId>x</requestId></CreateSnapshotsResponse>")
BROKEN = Fault("InternalError", "An internal error has occurred", 500)
BY_AWS_BACKUP = Fault("InvalidParameterValue", "This snapshot is managed by the AWS Backup service")
TAG_POLICY = Fault("TagPolicyViolation", "The tag policy does not allow the specified value")


@dataclass(frozen=True)
class Case:
    """one: only calls that name the first thing are met; then the other three must be done. outcome: of what is met."""

    fault: int
    words: str
    job: str
    answer: Made
    times: int = 1
    one: bool = False
    outcome: str = "done"
    code: str | None = None

    def __str__(self) -> str:
        return f"{self.fault:02} {self.job} {self.words}".replace(" ", "-")


def _each(fault: int, words: str, answer: Made, *jobs: str, **kind: Any) -> list[Case]:
    return [Case(fault, words, job, answer, **kind) for job in jobs or EVERY_JOB]


def _one(fault: int, answer: Fault, outcome: str, *jobs: str, words: str = "") -> list[Case]:
    """AWS always refuses what names the first thing."""
    kind = {"times": FOR_GOOD, "one": True, "outcome": outcome, "code": answer.code}
    return _each(fault, words or answer.code, answer, *jobs, **kind)


CASES = [
    *_each(1, "throttled in a burst", THROTTLE, times=9),
    *_each(2, "a server error once", BROKEN),
    *_each(2, "unavailable once", Fault("Unavailable", status=503)),
    *_each(2, "service unavailable once", Fault("ServiceUnavailable", status=503)),
    *_one(2, BROKEN, "failed", "backup", "cleanup"),
    *_each(
        2, "unavailable for good", Fault("Unavailable", "", 503), times=FOR_GOOD, outcome="failed", code="Unavailable"
    ),
    *_each(3, "took effect, connection cut", LOST),
    *_each(3, "no effect, connection cut", Answer(drop=True)),
    *_each(5, "took effect, answer cut", CUT),
    *_each(5, "another body", UNREADABLE),
    *_each(5, "nothing in the answer", NOTHING_IN_IT, "backup"),
    *_each(5, "another body for good", UNREADABLE, times=FOR_GOOD, outcome="failed", code="UnreadableAnswerError"),
    *_each(6, "too often", Fault("SnapshotCreationPerVolumeRateExceeded"), "backup", times=2),
    *_one(6, Fault("SnapshotCreationPerVolumeRateExceeded"), "remaining", "backup"),
    *_each(7, "account full for a while", Fault("PendingSnapshotLimitExceeded"), "backup", times=3),
    *_each(
        7, "account full", Fault("PendingSnapshotLimitExceeded"), "backup", times=FOR_GOOD, outcome="remaining", code=""
    ),
    *_each(8, "volume at its limit", Fault("ConcurrentSnapshotLimitExceeded"), "backup", times=2),
    *_one(8, Fault("ConcurrentSnapshotLimitExceeded"), "remaining", "backup"),
    *_one(9, Fault("SnapshotLimitExceeded", "Region is full"), "failed", "backup"),
    *_each(10, "too many for a while", Fault("ResourceLimitExceeded"), "backup", times=3),
    *_one(11, Fault("TagLimitExceeded"), "failed", "backup", "tagging", "status_check"),
    *_each(12, "two writers of tags", Fault("ConcurrentTagAccess"), "backup", "tagging", "status_check", times=2),
    *_one(13, TAG_POLICY, "failed", "backup"),
    *_each(
        13,
        "a policy for instances",
        TAG_POLICY,
        "tagging",
        "status_check",
        times=FOR_GOOD,
        outcome="failed",
        code="TagPolicyViolation",
    ),
    *_each(15, "deleted and still listed", Fault("InvalidSnapshot.NotFound", after=True), "cleanup"),
    *_one(16, Fault("InvalidInstanceID.NotFound"), "skipped", "backup", "tagging"),
    *_one(17, Fault("InvalidSnapshot.InUse", "in use by ami-0a1"), "skipped", "cleanup"),
    *_one(18, BY_AWS_BACKUP, "failed", "cleanup"),
    *_one(19, Fault("OperationNotPermitted", "The snapshot is locked"), "failed", "cleanup"),
    *_one(20, DENIED, "failed", words="explicit deny of the organization"),
    *_one(20, Fault("UnauthorizedOperation", "You are not authorized", 403), "failed", words="denied"),
    *_one(20, Fault("UnauthorizedOperation", "", 403), "failed", words="without a message"),
    *_each(22, "account suspended", Fault("Blocked", "", 401), times=FOR_GOOD, outcome="failed", code="Blocked"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_fault_costs_what_it_meets_and_nothing_else(
    case: Case,
    aws: EmbeddedAws,
    backend: Any,
    ec2: Any,
    topic: str,
    policy: Callable[[str], None],
    run_job: Run,
) -> None:
    policy(POLICY)
    day = a_day(backend, case.job)
    first = day.named[0] if case.one else None
    trouble = Trouble(day.change, case.answer, case.times, of=first)
    aws.hooks.append(trouble)

    outcome = run_job(day.job, {})

    assert trouble.met > 0
    held_true(day, ec2, outcome)
    decisions = by_resource(outcome)
    met = day.ids[:1] if case.one else day.ids
    assert {decisions[id_]["outcome"] for id_ in met} == {case.outcome}
    assert {decisions[id_]["outcome"] for id_ in day.ids if id_ not in met} <= {"done"}
    if case.code is not None and case.code:
        assert {decisions[id_]["error"] for id_ in met} == {case.code}
    if case.fault == 20 and case.answer is DENIED:
        assert "explicit deny in a service control policy" in decisions[met[0]]["reason"]
    if day.change in SENT_ONCE and case.times == 1:
        assert outcome["calls"][day.change] <= len(day.ids) + 1

    aws.hooks.clear()
    world.clock.advance(minutes=20)
    if case.outcome == "failed":
        assert run_job(day.job, {})["failed"] == 0, "the next run makes it good"
    else:
        run_job(day.job, scheduled())
    assert day.untouchable <= {each.id for each in backend.describe_snapshots()}


@pytest.mark.parametrize("job", EVERY_JOB, ids=lambda job: f"01-{job}")
def test_throttling_for_minutes_slows_a_run_and_fails_nothing(
    job: str, aws: EmbeddedAws, backend: Any, ec2: Any, topic: str, policy: Callable[[str], None], run_job: Run
) -> None:
    policy(POLICY)
    day = a_day(backend, job)
    aws.hooks.append(Lasting(180, THROTTLE, [day.change, "Publish", "DescribeVolumes", "DescribeInstances"]))
    outcome = run_job(day.job, scheduled())
    held_true(day, ec2, outcome)
    assert outcome["done"] == len(day.ids)
    assert 180 <= outcome["seconds"] < 300
    assert sum(outcome["calls"].values()) < 150, "the pace falls"


@pytest.mark.parametrize("job", EVERY_JOB, ids=lambda job: f"21-{job}")
def test_credentials_that_run_out_midway_stop_the_run_and_the_rest_remains(
    job: str, aws: EmbeddedAws, backend: Any, ec2: Any, topic: str, policy: Callable[[str], None], run_job: Run
) -> None:
    policy(POLICY)
    day = a_day(backend, job)
    yes = 0

    def expire(_service: str, action: str, _params: Any) -> Fault | None:
        nonlocal yes
        yes += action == day.change
        return Fault("ExpiredToken", "The security token is expired") if action == day.change and yes > 2 else None

    if job in ("tagging", "status_check"):
        yes = 2  # one call is all that they make
    aws.hooks.append(expire)
    outcome = run_job(day.job, {})
    held_true(day, ec2, outcome)
    made = 0 if job in ("tagging", "status_check") else 2
    assert (outcome["done"], outcome["remaining"], outcome["failed"]) == (made, len(day.ids) - made, 0)
    assert {each["error"] for each in outcome["decisions"] if each["outcome"] == "remaining"} >= {"ExpiredToken"}
    assert outcome["seconds"] < 60


def test_20_a_message_that_is_denied_is_told_again(
    aws: EmbeddedAws, backend: Any, ec2: Any, topic: str, policy: Callable[[str], None], run_job: Run
) -> None:
    policy(POLICY)
    day = a_day(backend, "status_check")
    aws.hooks.append(Trouble("Publish", Fault("AuthorizationError", "no identity-based policy", 403), FOR_GOOD))
    with pytest.raises(RunFailed, match="4 planned, 0 done, 4 failed"):
        run_job(day.job, scheduled())
    aws.hooks.clear()
    outcome = run_job(day.job, scheduled())
    held_true(day, ec2, outcome)
    assert outcome["done"] == len(day.ids)


def test_02_a_call_that_may_be_repeated_is_sent_five_times_a_round(
    aws: EmbeddedAws, backend: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy(POLICY)
    day = a_day(backend, "cleanup")
    aws.hooks.append(Trouble(day.change, BROKEN, FOR_GOOD, of=day.ids[0]))
    assert run_job(day.job, {})["calls"][day.change] == len(day.ids) - 1 + 3 * MOST_ATTEMPTS
