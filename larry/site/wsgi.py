"""The application that a WSGI server calls: the lookup lane, and Django behind it."""

from __future__ import annotations

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from larry.outside.log_line import start_logging
from larry.outside.meter import enlist_process
from larry.outside.parent import end_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "larry.site.settings")

_django = get_wsgi_application()

from larry.site.lane import lay_lane  # noqa: E402 — it reads tables, which are there once Django is

application = lay_lane(_django)
start_logging(settings.LARRY.log_level, settings.LARRY.log_format)
enlist_process()
end_with_parent()
