"""Larry knows what runs where, when and why, and what configuration follows from it."""

from __future__ import annotations

__version__ = "0.1.0"
