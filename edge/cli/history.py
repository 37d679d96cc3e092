"""`lipwire history`: what happened hour by hour, or day by day."""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Iterable
from dataclasses import astuple
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge.cli.common import add_command
from edge.errors import CheckFailed

LONGEST_DAYS = 1_000_000

if TYPE_CHECKING:
    from edge.history import Hour


def add(commands: Any) -> None:
    """Add the command to the parser of `lipwire`."""
    about = "Show smiles and visitors hour by hour, or day by day, in local time."
    parser = add_command(commands, "history", about, _history)
    more = parser.add_argument
    more("--state", type=Path, metavar="DIR", help="where counts are kept")
    more("--days", type=_days_back, metavar="N", help="the last N days only")
    more("--by", choices=("hour", "day"), default="hour", help="default: hour")
    more("--csv", action="store_true", help="as CSV; hours also in UTC")


def _history(options: argparse.Namespace) -> None:
    from edge import device
    from edge.history import COLUMNS, DAY_S, read_folder

    since = time.time() - options.days * DAY_S if options.days else 0.0
    hours = read_folder(device.state_folder(options.state), since)
    rows = _days(hours) if options.by == "day" else _hours(hours)
    if sys.stdout is None:
        raise CheckFailed("there is no standard output to write to")
    if options.csv:
        moment = ["day"] if options.by == "day" else ["hour", "hour_utc"]
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow([*moment, *COLUMNS])
        writer.writerows(rows)
        return
    titles = [name.replace("_", " ") for name in (options.by, *COLUMNS)]
    print(f"{titles[0]:<16} " + " ".join(f"{title:>13}" for title in titles[1:]))
    for row in rows:
        values = row[-len(COLUMNS) :]
        print(f"{row[0][:16]:<16} " + " ".join(f"{value:>13g}" for value in values))


def _days_back(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < LONGEST_DAYS:
        raise argparse.ArgumentTypeError(f"must be a number of days above 0, not {text!r}")
    return value


def _hours(hours: Iterable[Hour]) -> list[list[Any]]:
    """Local time with its distance from UTC, UTC, and the totals."""
    rows = []
    for hour in hours:
        utc = datetime.fromtimestamp(hour.hour, UTC)
        local = utc.astimezone().isoformat(sep=" ", timespec="minutes")
        rows.append([local, f"{utc:%Y-%m-%dT%H:%MZ}", *map(_rounded, astuple(hour)[1:])])
    return rows


def _days(hours: Iterable[Hour]) -> list[list[Any]]:
    """Local days and their totals."""
    days: dict[str, list[float]] = {}
    for hour in hours:
        day = f"{datetime.fromtimestamp(hour.hour, UTC).astimezone():%Y-%m-%d}"
        amounts = astuple(hour)[1:]
        before = days.get(day, [0] * len(amounts))
        days[day] = [a + b for a, b in zip(before, amounts, strict=True)]
    return [[day, *map(_rounded, amounts)] for day, amounts in days.items()]


def _rounded(amount: float) -> float:
    return round(amount, 3) if isinstance(amount, float) else amount
