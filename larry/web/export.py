"""Lists as files: exactly what a list holds, all pages of it, as CSV or JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from django.http import HttpResponse

from larry.core.document import Json, thaw
from larry.exports.noun_csv import csv_text

EXPORTS: Mapping[str, str] = MappingProxyType({"csv": "text/csv; charset=utf-8", "json": "application/json"})
"""The forms, with their media types."""


def export(documents: Sequence[dict[str, Json]], name: str, form: str) -> HttpResponse:
    """The documents as a file ``name`` in one of `EXPORTS`; a cell of CSV never begins a formula."""
    text = csv_text(documents) if form == "csv" else json.dumps(thaw(documents), indent=2, ensure_ascii=False) + "\n"
    response = HttpResponse(text, content_type=EXPORTS[form])
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response
