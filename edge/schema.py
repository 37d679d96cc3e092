"""Writes `schema.json`, the JSON Schema of all messages: `python -m edge.schema`."""

from __future__ import annotations

import json
from pathlib import Path

from edge.events import schema

FILE = Path(__file__).with_name("schema.json")


def text() -> str:
    """The file's content as it must be."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
