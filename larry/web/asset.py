"""The files that pages load: read once, named after their content, so that browsers keep them for good."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import MappingProxyType

from larry.core.svg_text import page_style

_FOLDER = Path(__file__).resolve().parent / "static"
_TYPES = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".js": "text/javascript; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Asset:
    name: str
    body: bytes
    packed: bytes
    media_type: str


def _make(name: str, body: bytes) -> Asset:
    path = Path(name)
    digest = hashlib.sha256(body).hexdigest()[:12]
    return Asset(f"{path.stem}.{digest}{path.suffix}", body, gzip.compress(body, 9, mtime=0), _TYPES[path.suffix])


def _read(name: str) -> bytes:
    return (_FOLDER / name).read_bytes()


STYLE = _make("larry.css", page_style().encode() + _read("larry.css"))
"""The tokens of all pictures come first, so that pages and pictures cannot differ."""

ICON = _make("larry.svg", _read("larry.svg"))
SCRIPT = _make("larry.js", _read("larry.js"))
HTMX = _make("htmx.js", resources.files("django_htmx").joinpath("static/django_htmx/htmx-2.min.js").read_bytes())
ASSETS: Mapping[str, Asset] = MappingProxyType({asset.name: asset for asset in (STYLE, ICON, SCRIPT, HTMX)})
