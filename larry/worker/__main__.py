"""`python -m larry.worker`: what `larry worker` becomes."""

from __future__ import annotations

import os
import sys


def main(arguments: list[str]) -> int:
    """Work until told to stop; the exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "larry.site.settings")

    import django  # noqa: PLC0415 — settings come first

    django.setup(set_prefix=False)

    from larry.worker.round import Pace  # noqa: PLC0415 — as above
    from larry.worker.work import make_door, stop_at_signals, work  # noqa: PLC0415 — as above

    work(Pace(), make_door(), stop_at_signals(), once="--once" in arguments)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
