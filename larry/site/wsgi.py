"""The application that a WSGI server calls."""

from __future__ import annotations

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from larry.outside.log_line import start_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "larry.site.settings")

application = get_wsgi_application()
start_logging(settings.LARRY.log_level, settings.LARRY.log_format)
