"""`lipwire doctor`: one line for everything that a daemon needs."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from edge.cli.common import add_command, add_settings, choose_profile, load_settings, write_json
from edge.errors import CheckFailed


def add(commands: Any) -> None:
    """Add the command to the parser of `lipwire`."""
    about = "Check camera, models, broker, permissions, memory, temperature and clock."
    parser = add_command(commands, "doctor", about, _doctor)
    add_settings(parser)
    parser.add_argument("--json", metavar="FILE", help="findings to a file, or - for stdout")


def _doctor(options: argparse.Namespace) -> None:
    from edge import device
    from edge.doctor import Doctor, Finding, examine

    folder = device.state_folder(options.state)
    doctor = Doctor(load_settings(options), choose_profile(options), options.models, folder)
    findings: list[Finding] = []

    def tell(finding: Finding) -> None:
        findings.append(finding)
        if options.json != "-":
            print(finding, flush=True)

    well = examine(doctor, tell)
    write_json({"well": well, "findings": [asdict(f) for f in findings]}, options.json)
    if not well:
        failed = [finding.about for finding in findings if finding.level == "FAIL"]
        raise CheckFailed(f"not well: {', '.join(dict.fromkeys(failed))}")
