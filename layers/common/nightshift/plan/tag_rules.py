"""Which tags a resource gets: instances by the policy's rules, what is attached to them by propagation.

Both come down to claims: a rule, or an instance, says what the value of a key is to be. One claim per key is
fulfilled where the tag is missing (or may be overwritten); two that differ are reported, and the key is left alone.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from nightshift.fleet import Instance, Tags
from nightshift.plan.tags import MOST_TAGS, people_s
from nightshift.policy import TagRule, When


@dataclass(frozen=True, slots=True)
class Place:
    """Where an instance runs: what rules may ask about beside the instance itself."""

    region: str
    account: str


@dataclass(frozen=True, slots=True)
class Claim:
    """Someone (a rule, or an instance's id) says what a tag is to be."""

    key: str
    value: str
    by: str
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class TagVerdict:
    """What becomes of the tags of one resource.

    fulfilled: the claims to be written. contested: the claims on keys that are left alone, as they differ.
    surplus: those that AWS's limit leaves no room for. unheard: those that may not overwrite what is there.
    claimed: whether there was any claim at all.
    """

    before: Tags
    fulfilled: Sequence[Claim] = ()
    contested: Mapping[str, Sequence[Claim]] = field(default_factory=dict)
    surplus: Sequence[Claim] = ()
    unheard: Sequence[Claim] = ()
    claimed: bool = False

    @property
    def to_write(self) -> dict[str, str]:
        return {claim.key: claim.value for claim in self.fulfilled}

    @property
    def after(self) -> dict[str, str]:
        """The tags as they will be."""
        return {**self.before, **self.to_write}

    @property
    def error(self) -> str | None:
        if self.contested:
            return "RuleConflict"
        return "TagLimitExceeded" if self.surplus else None

    @property
    def reason(self) -> str:
        """Empty where every claim holds already."""
        return "; ".join([*self._written(), *self._contested(), *self._surplus(), *self._unheard()])

    def _written(self) -> Iterable[str]:
        for claimant in dict.fromkeys(claim.by for claim in self.fulfilled):
            tags = ", ".join(self._as_text(claim) for claim in self.fulfilled if claim.by == claimant)
            yield f"{tags} ({claimant})"

    def _as_text(self, claim: Claim) -> str:
        replaced = f" instead of {self.before[claim.key]}" if claim.key in self.before else ""
        return f"{claim.key}={claim.value}{replaced}"

    def _contested(self) -> Iterable[str]:
        for key, claims in self.contested.items():
            yield f"{key} left alone: {', '.join(f'{claim.by} says {claim.value}' for claim in claims)}"

    def _surplus(self) -> Iterable[str]:
        if self.surplus:
            tags = ", ".join(f"{claim.key}={claim.value} ({claim.by})" for claim in self.surplus)
            yield f"no room for {tags}: AWS allows {MOST_TAGS} tags"

    def _unheard(self) -> Iterable[str]:
        now = self.after
        for claim in self.unheard:
            yield f"{claim.key}={now[claim.key]} stays: {claim.by} says {claim.value}, and does not overwrite"


def by_rules(instance: Instance, place: Place, rules: Sequence[TagRule]) -> TagVerdict:
    """The verdict on an instance.

    A tag that one rule sets can make another rule apply: so it goes on until nothing changes, as if the job ran
    again and again, and the next run has nothing left to do. Rules that never come to rest are contested too.
    """
    contested: dict[str, Sequence[Claim]] = {}
    while True:
        looks = list(_looks(instance, place, rules, contested.keys()))
        written = [claim for look in looks for claim in look.fulfilled]
        last = looks[-1]
        if not last.fulfilled:
            net = _net(written, instance.tags)
            return replace(last, before=instance.tags, fulfilled=net, contested={**contested, **last.contested})
        contested |= _differing(written)


def propagated(tags: Tags, owners: Mapping[str, Tags], keys: Iterable[str]) -> TagVerdict:
    """The verdict on a volume or an interface. owners: the tags to be of each instance that it is attached to."""
    claims = [
        Claim(key, theirs[key], owner)
        for key in dict.fromkeys(keys)
        for owner, theirs in sorted(owners.items())
        if key in theirs
    ]
    return judge(tags, claims)


def judge(tags: Tags, claims: Sequence[Claim]) -> TagVerdict:
    """One look at the claims on a resource; keys in the order in which they were claimed first."""
    fulfilled: list[Claim] = []
    surplus: list[Claim] = []
    contested: dict[str, Sequence[Claim]] = {}
    unheard: list[Claim] = []
    room = MOST_TAGS - len(people_s(tags))
    for key, on_key in _by_key(claims).items():
        heard = [claim for claim in on_key if key not in tags or claim.overwrite]
        if len({claim.value for claim in heard}) > 1:
            contested[key] = heard
        elif not heard:
            unheard += [claim for claim in on_key if claim.value != tags[key]]
        elif key in tags:
            fulfilled += [heard[0]] if heard[0].value != tags[key] else []
        elif room > 0:
            fulfilled.append(heard[0])
            room -= 1
        else:
            surplus.append(heard[0])
    return TagVerdict(tags, fulfilled, contested, surplus, unheard, claimed=bool(claims))


def matches(when: When, instance: Instance, place: Place) -> bool:
    """Whether every condition holds; what an instance does not have matches no glob."""
    conditions = [
        (when.region, place.region),
        (when.account, place.account),
        (when.vpc, instance.vpc_id),
        (when.az, instance.zone),
        (when.state, instance.state),
        (when.type, instance.type),
        (when.name, instance.tags.get("Name")),
        *((glob, instance.tags.get(key)) for key, glob in when.tag.items()),
    ]
    return all(actual is not None and fnmatchcase(actual, glob) for glob, actual in conditions if glob is not None)


def _looks(
    instance: Instance, place: Place, rules: Sequence[TagRule], left_alone: Collection[str]
) -> Iterator[TagVerdict]:
    """Looks at what the rules claim, each on the tags that the one before would leave.

    The last one has nothing more to write; or there were more looks than rules, so some key was set back and forth.
    """
    tags = instance.tags
    for _ in range(len(rules) + 1):
        claims = _claims(rules, replace(instance, tags=tags), place)
        look = judge(tags, [claim for claim in claims if claim.key not in left_alone])
        yield look
        if not look.fulfilled:
            return
        tags = look.after


def _net(written: Iterable[Claim], before: Tags) -> list[Claim]:
    """The last value of each key, without those that came back to where they began."""
    last = {claim.key: claim for claim in written}
    return [claim for claim in last.values() if before.get(claim.key) != claim.value]


def _differing(written: Iterable[Claim]) -> dict[str, Sequence[Claim]]:
    """The keys that were set to more than one value, and by whom."""
    return {
        key: list(dict.fromkeys(claims))
        for key, claims in _by_key(written).items()
        if len({claim.value for claim in claims}) > 1
    }


def _claims(rules: Sequence[TagRule], instance: Instance, place: Place) -> list[Claim]:
    return [
        Claim(key, value, f"rule {number}", rule.overwrite)
        for number, rule in enumerate(rules, start=1)
        if matches(rule.when, instance, place)
        for key, value in rule.set.items()
    ]


def _by_key(claims: Iterable[Claim]) -> dict[str, list[Claim]]:
    grouped: dict[str, list[Claim]] = {}
    for claim in claims:
        grouped.setdefault(claim.key, []).append(claim)
    return grouped
