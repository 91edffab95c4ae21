"""`make demo-restore`: what it shows, held to account."""

from io import StringIO

import pytest
from rich.console import Console

from local.embedded import EmbeddedAws
from local.emulator import Emulator
from local.seed import backend_of, volumes_of
from local.stage import make_topic
from local.template import logical_id
from tools.demo_restore import JOBS, REGION, broken_server, show

pytestmark = pytest.mark.usefixtures("built")


def test_the_server_is_restored_and_undone_and_the_vpc_is_made_once(embedded: EmbeddedAws) -> None:
    box = broken_server(embedded)
    before = {device: volume.id for device, volume in volumes_of(backend_of(REGION), box).items()}
    topic = {"NIGHTSHIFT_TOPIC_ARN": make_topic(embedded.url, REGION)}
    screen = StringIO()
    emulators = {
        job: Emulator(logical_id(job), endpoint_url=embedded.url, environment=topic, region=REGION) for job in JOBS
    }
    with emulators["restore"], emulators["eks_info"], emulators["network"]:
        listed, restored, undone, clusters, made, again = show(Console(file=screen, width=130), emulators, box)

    assert len(listed["points"]) >= 5
    for outcome in (restored, undone, made):
        assert outcome["done"] == outcome["planned"] > 0
    after = {device: volume.id for device, volume in volumes_of(backend_of(REGION), box).items()}
    assert after == before
    assert len(clusters["clusters"]) == 4
    assert (again["planned"], again["skipped"]) == (0, made["done"])
    assert "The second time changed 0 things." in screen.getvalue()
    assert embedded.unimplemented == []
