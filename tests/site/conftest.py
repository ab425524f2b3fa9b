"""What several of these tests begin with."""

from __future__ import annotations

from tests.site.served_lane import lane

__all__ = ["lane"]
