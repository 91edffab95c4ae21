"""How many calls a run costs: counted by what AWS received, and by what the outcome says."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from local import clusters
from local.embedded import EmbeddedAws
from local.world import world
from nightshift.jobs import backup, cleanup, eks_info, network, restore
from tests.integration.nets import DESTROY, WITH_NAT
from tests.integration.restore_scenes import saved_server
from tests.integration.scenes import ROOT, SLOT, data_disks, disk_of, lone_volume, machine, nights, saved
from tests.support import NOW, REGION, scheduled

type Run = Callable[..., dict[str, Any]]

DAY = timedelta(days=1)
READ_FLEET = {"GetParameter": 1, "DescribeInstances": 1, "DescribeVolumes": 1}
KEEP_ONE = "backup: {plans: {nightly: {keep: {last: 1}}}}\ncleanup: {max_delete_percent: 100}"
WHO_HOLDS = {"DescribeVolumes": 1, "DescribeInstances": 1, "DescribeImages": 1, "DescribeLockedSnapshots": 1}


@pytest.mark.parametrize("machines", [1, 12, 90])
def test_a_backup_makes_one_change_an_instance(machines: int, aws: EmbeddedAws, backend: Any, run_job: Run) -> None:
    world.clock.set(SLOT + timedelta(minutes=5))
    for _ in range(machines):
        box = machine(backend, disks=[ROOT, *data_disks(2)])
        for number in range(3):
            saved(backend, disk_of(backend, box, number), SLOT - DAY, instance=box)
    aws.requests.clear()

    first = run_job(backup.JOB, scheduled())
    assert first["done"] == 3 * machines
    assert first["calls"] == READ_FLEET | {"DescribeSnapshots": 1, "CreateSnapshots": machines}
    assert Counter(action for _, action in aws.requests) == first["calls"]

    second = run_job(backup.JOB, scheduled())
    assert second["calls"] == READ_FLEET | {"DescribeSnapshots": 1}


def test_a_backup_reads_the_page_of_each_plan_and_the_history_of_new_volumes_only(
    backend: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    """Whether an old volume was ever saved costs one call for 200 of them."""
    policy('backup: {plans: {nightly: {}, weekly: {schedule: "0 4 * * 0"}, never: {}}}')
    for _ in range(201):
        lone_volume(backend)
    machine(backend, {"Backup": "weekly"})
    outcome = run_job(backup.JOB, {"dry_run": True})
    assert outcome["planned"] == 202
    assert outcome["calls"] == READ_FLEET | {"DescribeSnapshots": (1 + 2) + (1 + 1)}


@pytest.mark.parametrize("candidates", [1, 60])
def test_a_cleanup_asks_once_a_candidate_and_once_each_for_who_holds(
    candidates: int, aws: EmbeddedAws, backend: Any, policy: Callable[[str], None], run_job: Run
) -> None:
    policy(KEEP_ONE)
    nights(backend, lone_volume(backend), candidates + 1)
    nights(backend, lone_volume(backend), 1)
    aws.requests.clear()

    outcome = run_job(cleanup.JOB, scheduled())

    assert outcome["done"] == candidates
    public = 1
    assert outcome["calls"] == WHO_HOLDS | {
        "GetParameter": 1,
        "DescribeSnapshots": 1 + public,
        "DescribeSnapshotAttribute": candidates,
        "DeleteSnapshot": candidates,
    }
    assert Counter(action for _, action in aws.requests) == outcome["calls"]


def test_a_cleanup_with_nothing_to_delete_asks_nobody(backend: Any, run_job: Run) -> None:
    nights(backend, lone_volume(backend), 3)
    assert run_job(cleanup.JOB, scheduled())["calls"] == {"GetParameter": 1, "DescribeSnapshots": 1}


def test_a_refused_cleanup_costs_reads_only(backend: Any, policy: Callable[[str], None], run_job: Run) -> None:
    policy("backup: {plans: {nightly: {keep: {last: 1}}}}")
    nights(backend, lone_volume(backend), 40)
    calls = run_job(cleanup.JOB, {})["calls"]
    assert [action for action in calls if not action.startswith(("Describe", "Get"))] == []


@pytest.mark.parametrize("count", [1, 12])
def test_eks_info_asks_once_a_cluster_and_part_and_once_a_run_for_what_aws_offers(
    count: int, aws: EmbeddedAws, run_job: Run
) -> None:
    """Versions of an add-on once for all clusters that have it, details of an insight only where it complains."""
    backend = clusters.backend_of(REGION)
    for number in range(count):
        made = clusters.cluster(backend, f"cluster-{number}", key="arn:aws:kms:eu-central-1:1:key/a")
        clusters.node_group(backend, made, "web")
        clusters.node_group(backend, made, "batch")
        clusters.fargate_profile(backend, made, "jobs")
        clusters.addon(made, "coredns", "v1.13.1-eksbuild.1")
        clusters.addon(made, "vpc-cni", "v1.21.1-eksbuild.3")
        clusters.insight(made, f"{number}-insight", "all well", "PASSING", NOW, NOW)
    aws.requests.clear()

    outcome = run_job(eks_info.JOB, scheduled())

    once = dict.fromkeys(("GetParameter", "ListClusters", "DescribeClusterVersions"), 1)
    listed = ("DescribeCluster", "ListNodegroups", "ListFargateProfiles", "ListAddons", "ListInsights")
    parts = {"DescribeNodegroup": 2 * count, "DescribeFargateProfile": count, "DescribeAddon": 2 * count}
    assert outcome["calls"] == once | dict.fromkeys(listed, count) | parts | {"DescribeAddonVersions": 2}
    assert Counter(action for _, action in aws.requests) == outcome["calls"]


def test_eks_info_of_an_empty_region_asks_nothing_more(run_job: Run) -> None:
    assert run_job(eks_info.JOB, scheduled())["calls"] == {"GetParameter": 1, "ListClusters": 1}


READ_NETWORKS = dict.fromkeys(
    (
        "GetParameter",
        "DescribeVpcs",
        "DescribeSubnets",
        "DescribeInternetGateways",
        "DescribeEgressOnlyInternetGateways",
        "DescribeNatGateways",
        "DescribeAddresses",
        "DescribeRouteTables",
        "DescribeVpcEndpoints",
    ),
    1,
)
MADE = {
    "CreateVpc": 1,
    "CreateInternetGateway": 1,
    "AttachInternetGateway": 1,
    "CreateSubnet": 2,
    "ModifySubnetAttribute": 1,
    "CreateRouteTable": 2,
    "AssociateRouteTable": 2,
    "AllocateAddress": 1,
    "CreateNatGateway": 1,
    "CreateRoute": 2,
    "CreateVpcEndpoint": 1,
}
LOOKED_AT = {
    "DescribeVpcs": 1,
    "DescribeInternetGateways": 1,
    "DescribeSubnets": 2,
    "DescribeRouteTables": 2,
    "DescribeAddresses": 1,
    "DescribeNatGateways": 1,
    "DescribeVpcEndpoints": 1,
}
WHO_USES_IT = {
    "DescribeInstances": 1,
    "DescribeNetworkInterfaces": 1,
    "DescribeSecurityGroups": 1,
    "DescribeNetworkAcls": 1,
    "DescribeVpcPeeringConnections": 2,
    "DescribeVpnGateways": 1,
}


def test_a_network_costs_one_read_of_each_kind_one_call_a_part_and_one_look_at_it(
    aws: EmbeddedAws, ec2: Any, run_job: Run
) -> None:
    """However many other VPCs there are."""
    for number in range(12):
        vpc = ec2.create_vpc(CidrBlock=f"10.{100 + number}.0.0/16")["Vpc"]["VpcId"]
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.{100 + number}.0.0/24")
    aws.requests.clear()

    first = run_job(network.JOB, WITH_NAT)
    assert first["calls"] == Counter(READ_NETWORKS) + Counter(MADE) + Counter(LOOKED_AT) + Counter(
        ["DescribeAvailabilityZones"]
    )
    assert Counter(action for _, action in aws.requests) == first["calls"]

    second = run_job(network.JOB, WITH_NAT)
    assert second["calls"] == READ_NETWORKS | {"DescribeAvailabilityZones": 1}

    shown = run_job(network.JOB, {"show": True})
    assert shown["calls"] == {"GetParameter": 1, "DescribeVpcs": 1, "DescribeSubnets": 1}

    assert run_job(network.JOB, DESTROY | {"dry_run": True})["calls"] == READ_NETWORKS | WHO_USES_IT


def test_a_restore_reads_what_it_touches_and_makes_each_change_once(
    aws: EmbeddedAws, backend: Any, run_job: Run
) -> None:
    """However many other servers there are."""
    for _ in range(12):
        lone_volume(backend)
        machine(backend)
    box = saved_server(backend)
    aws.requests.clear()

    listed = run_job(restore.JOB, {"list": True, "instance_id": box.id})
    read = {"GetParameter": 1, "DescribeInstances": 1, "DescribeSnapshots": 1, "DescribeVolumes": 2}
    # Those of the instance, then of its volumes wherever they were: retention counts their whole history.
    assert listed["calls"] == read | {"DescribeSnapshots": 2}

    shown = run_job(restore.JOB, {"mode": "replace", "instance_id": box.id, "dry_run": True})
    assert shown["calls"] == read | {"DescribeInstanceTypes": 1}

    done = run_job(restore.JOB, {"mode": "replace", "instance_id": box.id})["calls"]
    assert {action: count for action, count in done.items() if not action.startswith(("Describe", "Get"))} == {
        "CreateVolume": 2,
        "CreateTags": 3,
        "StopInstances": 1,
        "DetachVolume": 2,
        "AttachVolume": 2,
        "ModifyInstanceAttribute": 1,
        "StartInstances": 1,
    }
