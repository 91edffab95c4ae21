"""The policy: what an operator writes in YAML, its defaults, and the JSON Schema for editors.

docs/policy.md and docs/policy.schema.json are generated from these models.
"""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from nightshift.durations import THE_BEGINNING, CalendarDuration, parse_age
from nightshift.errors import PolicyError
from nightshift.policy_text import parse_yaml
from nightshift.validation import first_fault

RESERVED_PLAN_NAMES = frozenset({"ignore", "true", "yes"})
RESERVED_KEY_PREFIXES = ("aws:", "nightshift:")
CRON_FIELDS = "minute hour day month weekday"
MOST_KEY = 128
# A snapshot carries a tag for each plan that it serves, and AWS takes 50 tags, people's included.
MOST_PLANS = 20


def _checked[T](parse: Callable[[str], T]) -> AfterValidator:
    """Keep the text as it was written, once the parser takes it."""

    def check(text: str) -> str:
        parse(text)
        return text

    return AfterValidator(check)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("expected a time zone of the IANA database, as UTC or Europe/Berlin") from error


def _cron(schedule: str) -> CronSim:
    expected = f"expected five-field cron ({CRON_FIELDS}), as 0 3 * * *"
    if len(schedule.split()) != len(CRON_FIELDS.split()):
        raise ValueError(expected)
    try:
        return CronSim(schedule, THE_BEGINNING)
    except (CronSimError, ValueError) as error:
        raise ValueError(f"{expected}: {error}") from error


def _plan_name(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9-]{1,32}", name) or name in RESERVED_PLAN_NAMES:
        raise ValueError("expected a plan name of 1 to 32 of a-z, 0-9 and -, other than ignore, true and yes")
    return name


def _key_to_write(key: str) -> str:
    if not 1 <= len(key) <= MOST_KEY or key.lower().startswith(RESERVED_KEY_PREFIXES):
        raise ValueError("expected a tag key of 1 to 128 characters that does not start with aws: or nightshift:")
    return key


def _age_or_forever(text: str) -> None:
    if text != "forever" and not re.fullmatch(r"[1-9][0-9]{0,4}d", text):
        raise ValueError("expected forever, or a number of days, as 400d")


def _some_time(text: str) -> None:
    if not parse_age(text):
        raise ValueError("expected more than no time at all, as 90m or 12h")


Age = Annotated[str, _checked(_some_time)]
Count = Annotated[int, Field(ge=-1)]
Percent = Annotated[int, Field(ge=0, le=100)]
PlanName = Annotated[str, AfterValidator(_plan_name)]
KeyToWrite = Annotated[str, AfterValidator(_key_to_write)]
TagKey = Annotated[str, Field(min_length=1, max_length=MOST_KEY)]
TagValue = Annotated[str, Field(max_length=256)]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Keep(Model):
    """How many restore points stay, by restic's rules; a snapshot stays when any rule keeps it."""

    last: Count = Field(default=0, description="so many of the newest; -1 keeps all")
    hourly: Count = Field(default=0, description="the newest of each of so many hours (UTC); -1 of every hour")
    daily: Count = Field(default=0, description="the newest of each of so many days; -1 of every day")
    weekly: Count = Field(default=0, description="the newest of each of so many ISO weeks; -1 of every week")
    monthly: Count = Field(default=0, description="the newest of each of so many months; -1 of every month")
    yearly: Count = Field(default=0, description="the newest of each of so many years; -1 of every year")
    within: Annotated[str, _checked(CalendarDuration.parse)] | None = Field(
        default=None, description="all that are younger than this, counted from the newest: 14d, 1y2m3d3h"
    )

    @property
    def empty(self) -> bool:
        """No rule at all: keeps everything."""
        counts = (self.last, self.hourly, self.daily, self.weekly, self.monthly, self.yearly)
        return not any(counts) and self.within_duration is None

    @property
    def within_duration(self) -> CalendarDuration | None:
        """None where it is not given, or is zero."""
        duration = CalendarDuration.parse(self.within) if self.within else CalendarDuration()
        return None if duration == CalendarDuration() else duration


class BackupPlan(Model):
    """When a plan's volumes are due, and how long their snapshots stay."""

    schedule: Annotated[str, _checked(_cron)] = Field(
        default="0 3 * * *", description="five-field cron in the policy's time zone"
    )
    start_within: Age | None = Field(
        default=None, description="how late a slot may still be started, as 12h; null: till the next slot"
    )
    complete_within: Age = Field(
        default="2h",
        description="how long after its slot a snapshot may take to be completed: then its volume counts as uncovered, "
        "and a slot whose snapshots failed as missed",
    )
    keep: Keep = Field(default=Keep(), description="an empty or missing keep keeps all")
    max_delete_percent: Percent | None = Field(
        default=None, description="of this plan's snapshots in one run; null: cleanup's"
    )

    @property
    def start_within_time(self) -> timedelta | None:
        return parse_age(self.start_within) if self.start_within else None

    @property
    def complete_within_time(self) -> timedelta:
        return parse_age(self.complete_within)


DEFAULT_PLANS: Mapping[str, BackupPlan] = {"nightly": BackupPlan(keep=Keep(last=3, daily=7, weekly=4, monthly=12))}


class Backup(Model):
    tag: TagKey = Field(default="Backup", description="the tag by which instances and volumes opt in")
    plans: dict[PlanName, BackupPlan] = Field(
        default=dict(DEFAULT_PLANS),
        min_length=1,
        max_length=MOST_PLANS,
        description="at most 20; given, they replace the default plan whole",
    )


class Cleanup(Model):
    max_delete_percent: Percent = Field(
        default=50, description="of the region's and of each plan's snapshots in one run; above it a run is refused"
    )
    keep_last_of_deleted_volume: Annotated[str, _checked(_age_or_forever)] = Field(
        default="forever",
        description="the snapshots of a volume that is gone: forever, or till its last one has this age, as 400d",
    )
    check_sharing: bool = Field(
        default=True, description="ask with whom a snapshot is shared before it is deleted: one call each"
    )

    @property
    def last_of_deleted_volume_age(self) -> timedelta | None:
        """None is for ever."""
        text = self.keep_last_of_deleted_volume
        return None if text == "forever" else parse_age(text)


class When(Model):
    """What an instance must be like; every condition that is given must hold. Globs: * ? [abc]."""

    region: str | None = Field(default=None, description="glob")
    account: str | None = Field(default=None, description="glob")
    vpc: str | None = Field(default=None, description="glob")
    az: str | None = Field(default=None, description="glob")
    state: str | None = Field(default=None, description="glob, as running")
    type: str | None = Field(default=None, description="glob, as t3.*")
    name: str | None = Field(default=None, description="glob on the tag Name")
    tag: dict[TagKey, str] = Field(default={}, description="tag key to glob")


class TagRule(Model):
    when: When = Field(default=When(), description="which instances; missing: all")
    set: dict[KeyToWrite, TagValue] = Field(min_length=1, description="the tags to set")
    overwrite: bool = Field(default=False, description="also where the tag is there with another value")


class Tagging(Model):
    rules: list[TagRule] = Field(default=[], description="tags for instances")
    propagate: list[KeyToWrite] = Field(
        default=[], description="keys copied from an instance to its volumes and interfaces, where missing"
    )


class StatusCheck(Model):
    notify: Literal["transitions"] = Field(
        default="transitions", description="a message when instances become impaired or recover"
    )
    remedy_after: Age = Field(default="15m", description="how long impaired before a remedy that was opted in to")
    max_impaired_percent: Annotated[int, Field(ge=1, le=100)] = Field(
        default=20, description="of a zone's instances; while more (and more than 3) are impaired, none gets a remedy"
    )

    @property
    def remedy_after_time(self) -> timedelta:
        return parse_age(self.remedy_after)


class Policy(Model):
    time_zone: Annotated[str, _checked(_zone)] = Field(default="UTC", description="calendar of slots and of retention")
    paused: bool = Field(default=False, description="every job reads, plans and reports, and changes nothing")
    backup: Backup = Backup()
    cleanup: Cleanup = Cleanup()
    tagging: Tagging = Tagging()
    status_check: StatusCheck = StatusCheck()

    @property
    def zone(self) -> ZoneInfo:
        return _zone(self.time_zone)

    @classmethod
    def parse(cls, text: str) -> Self:
        """From YAML; a text that says nothing means the defaults. PolicyError names the key that is wrong."""
        content = parse_yaml(text)
        return cls.of({} if content is None else content)

    @classmethod
    def of(cls, content: Any) -> Self:
        """From what YAML or JSON held."""
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            raise PolicyError(f"policy: {first_fault(error, cls)}") from error
