"""Chance is the only place that throws dice; everything else is told what came up."""

from __future__ import annotations

import random


def throw() -> float:
    """A number from 0 up to 1. It keeps no secret."""
    return random.random()  # noqa: S311 — it spreads retries, and guards nothing
