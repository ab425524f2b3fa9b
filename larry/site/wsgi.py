"""The application that a WSGI server calls."""

from __future__ import annotations

import logging
import os
import sys

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "larry.site.settings")

# Faults go to standard error, where whoever runs the server looks; a page that is not there is no fault of the server.
logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
logging.getLogger("django.request").setLevel(logging.ERROR)

application = get_wsgi_application()
