"""The application of a process that answers pages: it begins with a head start."""

from __future__ import annotations

from larry.site.wsgi import application

from larry.site.head_start import take_head_start  # isort: skip — it reads tables, which are there once Django is

__all__ = ["application"]

take_head_start()
