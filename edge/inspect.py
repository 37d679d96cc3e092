"""`lipwire models inspect`: what a model says of itself, what it computes and what that costs."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from edge.description import read
from edge.errors import ModelError
from edge.interpreter import Interpreter, Tensor
from edge.operators import Graph, Operator, names
from edge.word_reader import TASKS

FORMAL = ("input", "output", "format")  # of a description: told elsewhere, or of no interest
OF_TASKS = {"votes_s": ("viseme",), "changes": TASKS}  # what says nothing of others


def report(path: Path) -> dict[str, Any]:
    """Size, cost, operators, tensors and, where it has one, the description of a model."""
    interpreter = Interpreter(path)
    graph = Graph(interpreter)
    try:
        description: dict[str, Any] | None = asdict(read(path))
    except ModelError:
        description = None  # MediaPipe's own models have none
    return {
        "file": str(path),
        "bytes": path.stat().st_size,
        "multiply_accumulates": graph.multiply_accumulates,
        "activation_bytes": graph.activation_bytes,
        "operators": _operators(graph.operators),
        "float_operators": names(graph.float_operators),
        "not_counted": names(graph.not_counted),
        "inputs": [_tensor(tensor) for tensor in interpreter.inputs],
        "outputs": [_tensor(tensor) for tensor in interpreter.outputs],
        "description": description,
    }


def text(told: dict[str, Any]) -> str:
    """A report for people."""
    cost = f"{told['multiply_accumulates']:,} multiply-accumulates a run"
    memory = f"at least {told['activation_bytes'] / 1000:.1f} kB for activations"
    lines = [
        f"{told['file']}: {told['bytes'] / 1000:.1f} kB, {cost}, {memory}",
        "",
        f"{'operator':<30}{'count':>6}  {'types':<28}{'multiply-accumulates':>21}",
    ]
    for row in told["operators"]:
        cost = f"{row['multiply_accumulates']:,}" if row["multiply_accumulates"] else ""
        lines.append(f"{row['name']:<30}{row['count']:>6}  {row['types']:<28}{cost:>21}".rstrip())
    lines.append(f"in float: {told['float_operators'] or 'none'}")
    if told["not_counted"]:
        lines.append(f"not counted: {told['not_counted']}")
    lines.append("")
    for side in ("inputs", "outputs"):
        lines += [f"{side[:-1]:<8}{_tensor_text(tensor)}" for tensor in told[side]]
    lines.append("")
    if told["description"] is None:
        lines.append("no description: not a model of Lipwire's")
    else:
        lines += _description_text(told["description"])
    return "\n".join(lines)


def _operators(operators: list[Operator]) -> list[dict[str, Any]]:
    """Those of one name and type taken together."""
    counts = Counter((o.name, o.types, o.is_float) for o in operators)
    costs: Counter[tuple[str, str, bool]] = Counter()
    for operator in operators:
        kind = (operator.name, operator.types, operator.is_float)
        costs[kind] += operator.multiply_accumulates
    return [
        {
            "name": name,
            "count": count,
            "types": types,
            "float": is_float,
            "multiply_accumulates": costs[name, types, is_float],
        }
        for (name, types, is_float), count in counts.items()
    ]


def _tensor(tensor: Tensor) -> dict[str, Any]:
    return {
        "name": tensor.name,
        "shape": list(tensor.shape),
        "dtype": tensor.dtype.name,
        "scale": tensor.scale,
        "zero_point": tensor.zero_point,
    }


def _tensor_text(tensor: dict[str, Any]) -> str:
    shape = " x ".join(map(str, tensor["shape"]))
    told = f"{shape} {tensor['dtype']} ({tensor['name']})"
    if tensor["scale"]:
        told += f", scale {tensor['scale']:g}, zero point {tensor['zero_point']}"
    return told


def _description_text(said: dict[str, Any]) -> list[str]:
    lines = []
    for name, value in said.items():
        if name in FORMAL or said["task"] not in OF_TASKS.get(name, said["task"]):
            continue
        if name in ("sources", "metrics"):
            tell = _source_text if name == "sources" else _metric_text
            lines += [f"{name[:-1]:<16}{tell(part)}" for part in value]
        elif name == "versions":
            lines.append(f"{name:<16}{', '.join(f'{who} {v}' for who, v in value.items())}")
        else:
            shown = ", ".join(map(str, value)) if isinstance(value, tuple | list) else value
            lines.append(f"{name:<16}{shown}")
    return lines


def _source_text(source: dict[str, Any]) -> str:
    return f"{source['name']}, {source['pictures']:,} pictures: {source['licence']}"


def _metric_text(metric: dict[str, Any]) -> str:
    low, high = metric["interval"]
    return (
        f"{metric['name']} {metric['value']:g} (95 % interval {low:g} to {high:g}, n = "
        f"{metric['n']:,}): {metric['protocol']}; {metric['command']}"
    )
