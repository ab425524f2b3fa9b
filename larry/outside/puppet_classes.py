"""What classes a folder of Puppet modules has, read by Puppet itself."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

_SCRIPT = Path(__file__).with_suffix(".rb")
_SECONDS = 600


class CannotReadClasses(Exception):
    """Puppet is not there, or would not read; the text says what it said."""


def find_manifests(path: Path) -> Sequence[Path]:
    """The manifests of one module, of a module path, or one file; in order."""
    if path.is_file():
        return [path]
    return sorted({*path.glob("manifests/**/*.pp"), *path.glob("*/manifests/**/*.pp")})


def read_puppet_classes(manifests: Sequence[Path]) -> Mapping[str, Any]:
    """File to ``{"classes": [{"name", "params": [{"name", "type"?, "default_source"?, "default_literal"?}]}]}`` or to
    ``{"error": text}``. Runs Ruby with Puppet's library once, of which nothing is configured. Raises
    `CannotReadClasses`."""
    ruby = shutil.which("ruby")
    if ruby is None:
        raise CannotReadClasses("Puppet's own reader is needed, and there is no ruby: install Puppet on this machine")
    asked = "\n".join(str(path.resolve()) for path in manifests)
    with tempfile.TemporaryDirectory() as folder:
        command = [ruby, str(_SCRIPT), folder]
        done = subprocess.run(  # what it is given is paths, on standard input
            command, input=asked, capture_output=True, text=True, timeout=_SECONDS, check=False, encoding="utf-8"
        )
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()[-1:] or ["nothing"]
        raise CannotReadClasses(f"Puppet's own reader failed, is Puppet installed? It said: {said[0]}")
    found: Mapping[str, Any] = json.loads(done.stdout)
    return found


def list_data_keys(manifest: Path) -> frozenset[str]:
    """Every key that the data of the manifest's module knows: parameters that Puppet looks up there by itself."""
    module = next((folder.parent for folder in manifest.parents if folder.name == "manifests"), None)
    keys: set[str] = set()
    for path in sorted((module / "data").rglob("*.yaml")) if module else ():
        try:
            data = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError):
            continue
        keys |= {str(key) for key in data} if isinstance(data, dict) else set()
    return frozenset(keys)
