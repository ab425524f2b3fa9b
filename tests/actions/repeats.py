"""How often an interleaving is repeated, and an estate in which every repeat has instances and hosts of its own."""

from __future__ import annotations

from tests.core.budget import many

REPEATS = many(2, on_request=50)
"""There are some forty interleavings, so that a default run sees more than eighty meetings."""


def crowd(size: int = REPEATS) -> str:
    """Instances i0, j0, i1, j1 ... and hosts h0, k0, h1, k1 ... with one auditor on one host for all."""
    numbers = range(size)
    instances = ", ".join(f"{{name: I{n}, requires: [app]}}, {{name: J{n}, requires: [app]}}" for n in numbers)
    hosts = ", ".join(f"{{name: h{n}, addresses: [10.1.0.{n % 250}]}}, {{name: k{n}}}" for n in numbers)
    return f"""
larry: 1
services:
  - {{name: linux}}
  - {{name: app, needs: [linux], parameters: [{{name: size, type: integer, default: 1}}]}}
  - {{name: watch, audits: [{{service: app, where: {{host: mon}}}}]}}
customers: [{{name: C, apps: [{{name: A, instances: [{instances}]}}]}}]
hosts: [{{name: mon}}, {hosts}]
"""
