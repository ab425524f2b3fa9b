"""The bare callable as a server takes it."""

from __future__ import annotations

import django

from tests.bench.bare_site import make_bare

django.setup()
application = make_bare()
