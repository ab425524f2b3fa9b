"""The files that pages load: read once, named after their content, so that browsers keep them for good."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

_FOLDER = Path(__file__).resolve().parent / "static"
_TYPES = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    name: str
    body: bytes
    media_type: str


def _read(path: Path) -> Asset:
    body = path.read_bytes()
    return Asset(f"{path.stem}.{hashlib.sha256(body).hexdigest()[:12]}{path.suffix}", body, _TYPES[path.suffix])


STYLE = _read(_FOLDER / "larry.css")
ICON = _read(_FOLDER / "larry.svg")
ASSETS: Mapping[str, Asset] = MappingProxyType({asset.name: asset for asset in (STYLE, ICON)})
