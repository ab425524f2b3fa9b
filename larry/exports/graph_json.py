"""Prints a graph as JSON: the same data as the picture, as two tables, for programs."""

from __future__ import annotations

import json

from larry.core.interval import iso
from larry.core.picture import Picture, find_href


def render(picture: Picture, *, prefix: str | None = "") -> str:
    """Nodes and edges in the order of the picture; ``prefix`` as in the drawn picture. Raises `UnsafePrefix`."""
    document = {
        "kind": picture.kind.value,
        "address": picture.address,
        "title": picture.title,
        "about": picture.about,
        "as_of": iso(picture.as_of),
        "nodes": [
            {
                "id": box.id,
                "kind": box.kind.value,
                "name": box.name,
                "detail": box.detail,
                "about": box.about,
                "order": box.order,
                "conditions": [condition.value for condition in box.conditions],
                "is_focus": box.is_focus,
                "link": find_href(box.link, prefix) if prefix is not None else None,
            }
            for box in picture.boxes
        ],
        "edges": [
            {"source": bond.source, "kind": bond.kind.value, "target": bond.target, "note": bond.note}
            for bond in picture.bonds
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
