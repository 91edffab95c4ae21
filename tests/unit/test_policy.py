"""The policy: its defaults, and that every fault names its key and what was expected."""

from datetime import timedelta

import pytest

from nightshift.durations import CalendarDuration, parse_age
from nightshift.errors import PolicyError
from nightshift.policy import Keep, Policy

IN_PLAN = "backup: {plans: {nightly: {%s}}}"
IN_KEEP = IN_PLAN % "keep: {%s}"
IN_RULE = "tagging: {rules: [{%s}]}"


@pytest.mark.parametrize(
    "text", ["", "{}", " \n", "# only a comment", "---", "null", "~", "backup: {}", "tagging: {rules: []}"]
)
def test_what_says_nothing_means_the_defaults(text: str) -> None:
    assert Policy.parse(text) == Policy()


def test_the_defaults_are_those_of_the_design() -> None:
    policy = Policy()
    assert (policy.time_zone, policy.paused, policy.backup.tag) == ("UTC", False, "Backup")
    (name, plan), *others = policy.backup.plans.items()
    assert (name, others, plan.schedule, plan.start_within) == ("nightly", [], "0 3 * * *", None)
    assert plan.keep == Keep(last=3, daily=7, weekly=4, monthly=12)
    assert (policy.cleanup.max_delete_percent, plan.max_delete_percent) == (50, None)
    assert (policy.cleanup.keep_last_of_deleted_volume, policy.cleanup.check_sharing) == ("forever", True)
    assert (policy.status_check.notify, policy.status_check.remedy_after) == ("transitions", "15m")
    assert policy.status_check.max_impaired_percent == 20


def test_plans_that_are_given_replace_the_default_one_whole() -> None:
    policy = Policy.parse("backup: {plans: {weekly: {schedule: 0 4 * * 0}}}")
    assert list(policy.backup.plans) == ["weekly"]
    assert policy.backup.plans["weekly"].keep.empty, "a missing keep keeps all"


FAULTS = [
    # (text, the key that must be named, what was expected)
    ("tiem_zone: UTC", "tiem_zone", "known are: backup, cleanup, paused, status_check, tagging, time_zone"),
    ("backup: {tags: Backup}", "backup.tags", "known are: plans, tag"),
    (IN_PLAN % "retention: 3", "backup.plans.nightly.retention", "known are: complete_within, keep"),
    (IN_KEEP % "dayly: 7", "backup.plans.nightly.keep.dayly", "known are: daily, hourly, last, monthly, weekly"),
    ("cleanup: {max_delete: 5}", "cleanup.max_delete", "known are: check_sharing, keep_last"),
    (IN_RULE % "set: {a: b}, if: {}", "tagging.rules.0.if", "known are: overwrite, set, when"),
    (IN_RULE % "set: {a: b}, when: {zone: a}", "tagging.rules.0.when.zone", "known are: account, az, name"),
    ("time_zone: Europe/Berlim", "time_zone", "Europe/Berlim"),
    ("time_zone: CEST", "time_zone", "IANA"),
    ("time_zone: ''", "time_zone", "IANA"),
    ("time_zone: ../../etc/passwd", "time_zone", "IANA"),
    ("time_zone: 1", "time_zone", "must be text"),
    ("paused: 'yes'", "paused", "must be true or false"),
    ("paused: 1", "paused", "must be true or false"),
    ("paused:", "paused", "must be true or false"),
    ("backup: []", "backup", "must be a mapping"),
    ("backup:", "backup", "must be a mapping"),
    ("backup: {tag: ''}", "backup.tag", "at least 1"),
    (f"backup: {{tag: {'x' * 129}}}", "backup.tag", "at most 128"),
    ("backup: {plans: {}}", "backup.plans", "must not be empty"),
    ("backup: {plans: [nightly]}", "backup.plans", "must be a mapping"),
    ("backup: {plans: {nightly: }}", "backup.plans.nightly", "must be a mapping"),
    ("backup: {plans: {Nightly: {}}}", "backup.plans.Nightly", "1 to 32 of a-z, 0-9 and -"),
    ("backup: {plans: {every_night: {}}}", "backup.plans.every_night", "1 to 32"),
    (f"backup: {{plans: {{{'n' * 33}: {{}}}}}}", "backup.plans.nnn", "1 to 32"),
    ("backup: {plans: {ignore: {}}}", "backup.plans.ignore", "other than ignore"),
    ("backup: {plans: {'true': {}}}", "backup.plans.true", "other than ignore, true and yes"),
    ("backup: {plans: {yes: {}}}", "backup.plans.", "must be text"),  # YAML 1.1 makes it a truth
    ("backup: {plans: {7: {}}}", "backup.plans.7", "must be text"),
    (IN_PLAN % "schedule: daily", "backup.plans.nightly.schedule", "five-field cron"),
    (IN_PLAN % "schedule: '@daily'", "backup.plans.nightly.schedule", "five-field cron"),
    (IN_PLAN % "schedule: 0 3 * * * *", "backup.plans.nightly.schedule", "five-field cron"),
    (IN_PLAN % "schedule: 0 24 * * *", "backup.plans.nightly.schedule", "Bad hour"),
    (IN_PLAN % "schedule: 60 3 * * *", "backup.plans.nightly.schedule", "Bad minute"),
    (IN_PLAN % "schedule: 0 0 31 2 *", "backup.plans.nightly.schedule", "Bad day-of-month"),
    (IN_PLAN % "schedule: 0 3 * * 8", "backup.plans.nightly.schedule", "Bad day-of-week"),
    (IN_PLAN % "schedule: 3", "backup.plans.nightly.schedule", "must be text"),
    (IN_PLAN % "start_within: 2 hours", "backup.plans.nightly.start_within", "90m, 12h or 400d"),
    (IN_PLAN % "start_within: 6", "backup.plans.nightly.start_within", "must be text"),
    (IN_PLAN % "start_within: -6h", "backup.plans.nightly.start_within", "90m, 12h or 400d"),
    (IN_PLAN % "max_delete_percent: 101", "backup.plans.nightly.max_delete_percent", "less than or equal to 100"),
    (IN_PLAN % "max_delete_percent: 12.5", "backup.plans.nightly.max_delete_percent", "whole number"),
    (IN_KEEP % "last: -2", "backup.plans.nightly.keep.last", "greater than or equal to -1"),
    (IN_KEEP % "daily: '7'", "backup.plans.nightly.keep.daily", "must be a whole number"),
    (IN_KEEP % "daily: true", "backup.plans.nightly.keep.daily", "must be a whole number"),
    (IN_KEEP % "weekly: 4.0", "backup.plans.nightly.keep.weekly", "must be a whole number"),
    (IN_KEEP % "monthly:", "backup.plans.nightly.keep.monthly", "must be a whole number"),
    (IN_KEEP % "within: 2w", "backup.plans.nightly.keep.within", "14d or 1y2m3d4h"),
    (IN_KEEP % "within: 3d1y", "backup.plans.nightly.keep.within", "14d or 1y2m3d4h"),
    (IN_KEEP % "within: 14", "backup.plans.nightly.keep.within", "must be text"),
    (IN_KEEP % "within: ''", "backup.plans.nightly.keep.within", "14d or 1y2m3d4h"),
    ("cleanup: {max_delete_percent: -1}", "cleanup.max_delete_percent", "greater than or equal to 0"),
    ("cleanup: {keep_last_of_deleted_volume: never}", "cleanup.keep_last_of_deleted_volume", "as 400d"),
    ("cleanup: {keep_last_of_deleted_volume: 1y}", "cleanup.keep_last_of_deleted_volume", "as 400d"),
    ("cleanup: {check_sharing: 0}", "cleanup.check_sharing", "must be true or false"),
    ("tagging: {rules: {}}", "tagging.rules", "must be a list"),
    (IN_RULE % "when: {}", "tagging.rules.0.set", "is missing"),
    (IN_RULE % "set: {}", "tagging.rules.0.set", "must not be empty"),
    (IN_RULE % "set: {a: 1}", "tagging.rules.0.set.a", "must be text"),
    (IN_RULE % "set: {'aws:x': b}", "tagging.rules.0.set.aws:x", "does not start with aws: or nightshift:"),
    (IN_RULE % "set: {'NightShift:x': b}", "tagging.rules.0.set.NightShift:x", "does not start with"),
    (IN_RULE % f"set: {{a: {'x' * 257}}}", "tagging.rules.0.set.a", "at most 256"),
    ("tagging: {propagate: Name}", "tagging.propagate", "must be a list"),
    ("tagging: {propagate: ['nightshift:slot']}", "tagging.propagate.0", "does not start with"),
    ("tagging: {propagate: ['']}", "tagging.propagate.0", "1 to 128"),
    ("status_check: {notify: always}", "status_check.notify", "'transitions'"),
    ("status_check: {remedy_after: 15}", "status_check.remedy_after", "must be text"),
    ("status_check: {remedy_after: ''}", "status_check.remedy_after", "90m, 12h or 400d"),
    ("status_check: {max_impaired_percent: 0}", "status_check.max_impaired_percent", "greater than or equal to 1"),
    ("status_check: {max_impaired_percent: 101}", "status_check.max_impaired_percent", "less than or equal to 100"),
    ("status_check: {max_impaired_percent: 20%}", "status_check.max_impaired_percent", "must be a whole number"),
    ("[]]", "line 1", "is no YAML"),
    ("- backup", "the whole", "must be a mapping"),
    ("backup", "the whole", "must be a mapping"),
    ("42", "the whole", "must be a mapping"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "key", "expected"), FAULTS)
def test_a_fault_names_the_key_and_what_was_expected(text: str, key: str, expected: str) -> None:
    with pytest.raises(PolicyError) as caught:
        Policy.parse(text)
    message = str(caught.value)
    assert message.startswith("policy: ")
    assert key in message
    assert expected in message


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("90m", timedelta(minutes=90)),
        ("12h", timedelta(hours=12)),
        ("400d", timedelta(days=400)),
        ("1d12h30m", timedelta(days=1, hours=12, minutes=30)),
    ],
)
def test_ages(text: str, age: timedelta) -> None:
    assert parse_age(text) == age


def test_an_m_is_a_month_in_keep_and_a_minute_elsewhere() -> None:
    assert CalendarDuration.parse("2m") == CalendarDuration(months=2)
    assert parse_age("2m") == timedelta(minutes=2)
    assert CalendarDuration.parse("1y2m3d4h") == CalendarDuration(1, 2, 3, 4)


@pytest.mark.parametrize("text", ["", " ", "1", "h", "1w", "1s", "-1d", "1.5d", "1h1d", "1d 2h", "1D"])
def test_what_is_no_age(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        parse_age(text)
