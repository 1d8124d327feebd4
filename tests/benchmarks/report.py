"""Figures as a page."""

from __future__ import annotations

from typing import Any

_HEAD = """# Benchmarks

Written by `make bench` ({measured_at}, {machine}). Each figure stands beside the **plain twin**: the same service,
engine, policy, audit and durability on an ordinary index, without sealing, tokens, lanes or padding. One client, one
request at a time. Times are ms, p50 / p99; on shared machines trust the ratios.
"""


def markdown(figures: dict[str, Any]) -> str:
    """Return the page of a run."""
    parts = [_HEAD.format(**figures), *map(_size, figures["sizes"])]
    if len(figures["sizes"]) > 1:
        parts.append(_growth(figures["sizes"][0], figures["sizes"][-1]))
    return "\n".join(parts)


def _size(size: dict[str, Any]) -> str:
    lines = [
        f"## {size['records']:,} records of {size['citizens']:,} citizens",
        "",
        "| | encrypted | plain | encrypted : plain at p50 |",
        "|---|---|---|---|",
    ]
    for where, title in (("service", "in the service"), ("http", "over HTTP")):
        for name, one in size[where]["encrypted"].items():
            other = size[where]["plain"][name]
            ratio = one["p50_ms"] / other["p50_ms"]
            lines.append(
                f"| {name}, {title} | {one['p50_ms']:.2f} / {one['p99_ms']:.2f} "
                f"| {other['p50_ms']:.2f} / {other['p99_ms']:.2f} | {ratio:.2f} |"
            )
    for kind, one in size["ingest"].items():
        ratio = one["encrypted_per_s"] / one["plain_per_s"]
        lines.append(
            f"| {one['records']:,} {kind}, {one['how']}, records/s | {one['encrypted_per_s']:,} "
            f"| {one['plain_per_s']:,} | {ratio:.2f} |"
        )
    stored = size["bytes_per_record"]
    lines.append(
        f"| bytes a record (vault beside: {stored['vault']}) | {stored['encrypted']:,} | {stored['plain']:,} "
        f"| {stored['encrypted'] / stored['plain']:.2f} |"
    )
    memory = size["peak_memory_mib"]
    told = ", ".join(f"`hoso index {kind}` {peak} MiB" for kind, peak in memory.items())
    lines += ["", f"Peak memory of the largest process: {told}.", ""]
    return "\n".join(lines)


def _growth(small: dict[str, Any], large: dict[str, Any]) -> str:
    lines = [
        f"## Growth from {small['records']:,} to {large['records']:,} records, over HTTP",
        "",
        "| | p50 | p99 |",
        "|---|---|---|",
    ]
    for name, one in small["http"]["encrypted"].items():
        other = large["http"]["encrypted"][name]
        lines.append(f"| {name} | {other['p50_ms'] / one['p50_ms']:.2f} × | {other['p99_ms'] / one['p99_ms']:.2f} × |")
    return "\n".join([*lines, ""])
