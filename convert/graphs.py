"""Frozen graphs, as TensorFlow 1 wrote them: one `.pb` file with its weights as constants."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf
from google.protobuf.message import DecodeError

from edge.errors import ModelError

VARIABLES = ("Variable", "VariableV2", "VarHandleOp")
NO_RESULTS = ("Placeholder", "Const", "NoOp", "Assert")


def frozen_graph(path: Path, inputs: str | None, outputs: str | None) -> Any:
    """The graph as a function of its one input to its one output."""
    graph = _read(path)
    taken = [node.name for node in graph.node if node.op == "Placeholder"]
    given = [name for name, op in _ends(graph) if op not in NO_RESULTS]
    for name in (inputs, outputs):
        if name and name.partition(":")[0] not in {node.name for node in graph.node}:
            raise ModelError(f"{path}: has no '{name}'")
    feed = inputs or one_of(path, "input", taken)
    fetch = outputs or one_of(path, "output", given)
    imported = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(graph, name=""), [])
    function = imported.prune(_tensor(feed), _tensor(fetch))
    if function.inputs[0].dtype != tf.float32:
        raise ModelError(f"{path}: takes {function.inputs[0].dtype.name}, not float32 pixels")
    return function


def one_of(path: Path, what: str, names: Sequence[str], wanted: str | None = None) -> str:
    """The wanted name, or the only one there is."""
    if wanted in names:
        return str(wanted)
    if len(names) == 1:
        return names[0]
    if not names:
        raise ModelError(f"{path}: has no {what}")
    raise ModelError(f"{path}: name its {what} (--{what}s): {', '.join(names)}")


def _read(path: Path) -> Any:
    if path.name == "saved_model.pb":
        raise ModelError(f"{path}: part of a SavedModel; give its folder")
    graph = tf.compat.v1.GraphDef()
    try:
        graph.ParseFromString(path.read_bytes())
    except DecodeError:
        raise ModelError(f"{path}: not a TensorFlow graph") from None
    if not graph.node:
        raise ModelError(f"{path}: not a TensorFlow graph, or an empty one")
    if loose := [node.name for node in graph.node if node.op in VARIABLES]:
        raise ModelError(f"{path}: not frozen: {len(loose)} variables, such as {loose[0]}")
    return graph


def _ends(graph: Any) -> list[tuple[str, str]]:
    """Nodes that no other takes anything from."""
    used = {name.partition(":")[0].lstrip("^") for node in graph.node for name in node.input}
    return [(node.name, node.op) for node in graph.node if node.name not in used]


def _tensor(name: str) -> str:
    return name if ":" in name else f"{name}:0"
