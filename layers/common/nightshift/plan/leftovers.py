"""What stays of volumes that are gone: it grows with every instance that comes and goes, so it is counted aloud."""

from collections.abc import Collection, Iterable

from nightshift.fleet import Snapshot
from nightshift.plan.protection import lineage, source_volume
from nightshift.policy import Policy

# Up to so many volumes are a person's, not a fleet's.
A_FEW = 10

# Standard tier, us-east-1 ("Amazon EBS pricing"). Snapshots are incremental, so sizes give an upper bound.
DOLLARS_A_GIB_MONTH = 0.05


def left_behind(kept: Iterable[Snapshot], living: Collection[str], policy: Policy) -> str | None:
    """How many snapshots stay of volumes that are gone, and what they cost at most; None: of a few volumes at most.

    kept: the snapshots that this run leaves. living: the ids of the volumes there are; none: nobody knows. Of a copy
    nobody knows either: its volume may live in another region.
    """
    of_the_gone = [
        each for each in kept if source_volume(each) not in living and lineage(each) == source_volume(each) is not None
    ]
    volume_ids = {each.volume_id for each in of_the_gone}
    if not living or len(volume_ids) <= A_FEW:
        return None
    gib = sum(each.size_gib for each in of_the_gone)
    age = policy.cleanup.keep_last_of_deleted_volume
    until = (
        "for ever: cleanup.keep_last_of_deleted_volume can give them an age"
        if policy.cleanup.last_of_deleted_volume_age is None
        else f"until the last one of each is older than {age}"
    )
    return (
        f"{len(of_the_gone):,} snapshots of {len(volume_ids):,} volumes that are gone, {gib:,} GiB, cost at most "
        f"${gib * DOLLARS_A_GIB_MONTH:,.2f} a month (at us-east-1's price); they stay {until}"
    )
