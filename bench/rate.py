"""How many small calls the endpoint answers in a second: it must not be what is measured."""

import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

from bench.report import Goal, Section
from bench.server import Server

CALLS = 5000
SMALL = "Action=DescribeSnapshotAttribute&Attribute=createVolumePermission&SnapshotId=snap-0a1b2c3d4e5f60718"


def section(server: Server) -> Section:
    server.become(instances=1)
    connection = HTTPConnection(urlsplit(server.url).netloc)
    started = time.monotonic()
    for _ in range(CALLS):
        connection.request("POST", "/", SMALL, {"Content-Type": "application/x-www-form-urlencoded"})
        connection.getresponse().read()
    rate = CALLS / (time.monotonic() - started)
    connection.close()
    return Section(
        "The endpoint",
        "The bench's own HTTP endpoint: EC2's answers in EC2's pages, AWS's token buckets, latency where said; it "
        "counts each call. One connection, one call after the other, by a client that reads no XML.",
        [Goal("small calls a second", rate, 2000, at_least=True)],
    )
