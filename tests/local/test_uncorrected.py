"""Every contract test fails on moto as it is: one that passes there proves nothing, or moto has caught up."""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).parents[2]
NO_CONTRACT = {"test_embedded.py", "test_fleet.py", "test_speed.py", "test_uncorrected.py"}


@pytest.mark.skipif("NIGHTSHIFT_UNCORRECTED" in os.environ, reason="this is the run on plain moto")
def test_every_contract_fails_on_plain_moto(tmp_path: Path) -> None:
    contracts = [each for each in sorted(Path(__file__).parent.glob("test_*.py")) if each.name not in NO_CONTRACT]
    report = tmp_path / "report.xml"
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            f"--junitxml={report}",
            *contracts,
        ],
        cwd=ROOT,
        env={**os.environ, "NIGHTSHIFT_UNCORRECTED": "1"},
        stdout=subprocess.DEVNULL,
        check=False,
    )
    cases = list(ET.parse(report).iter("testcase"))
    passed = [each.get("name") for each in cases if each.find("failure") is None and each.find("skipped") is None]
    assert len(cases) > 100
    assert passed == []
