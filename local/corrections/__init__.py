"""moto, corrected to AWS's behaviour: one module a subject, one small function a correction.

Every correction says in its docstring what AWS does and where that is written (the short names, such as ERR, DEL, UG,
c7n and recording, are those of docs/aws.md, Sources); tests/local has one contract test for each, which fails on moto
as it is. With NIGHTSHIFT_UNCORRECTED=1 nothing is corrected, to show exactly that. `speed` alone corrects nothing: its
answers are moto's own, sooner.
"""

import os

from local.corrections import (
    attachments,
    clock,
    dry_run,
    eks,
    eks_reports,
    filters,
    http_status,
    images,
    instance_status,
    instances,
    locks,
    messages,
    nat_gateways,
    network_links,
    network_lists,
    network_removal,
    paging,
    parameters,
    root_volumes,
    sharing,
    snapshot_deletion,
    snapshots,
    speed,
    tags,
    volumes,
)
from local.corrections.patch import apply_all

SUBJECTS = (
    attachments,
    clock,
    dry_run,
    eks,
    eks_reports,
    filters,
    http_status,
    images,
    instance_status,
    instances,
    locks,
    messages,
    nat_gateways,
    network_links,
    network_lists,
    network_removal,
    paging,
    parameters,
    root_volumes,
    sharing,
    snapshot_deletion,
    snapshots,
    speed,
    tags,
    volumes,
)


def install() -> None:
    """Correct moto in this process. Doing it twice does no harm."""
    if os.environ.get("NIGHTSHIFT_UNCORRECTED") != "1":
        apply_all()
