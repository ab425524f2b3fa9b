"""The inputs of a scope, and what was typed in them: a kind, and the address of one of that kind."""

from __future__ import annotations

from collections.abc import Mapping

from django.urls import reverse

from larry.actions.author import Refused
from larry.core.rights import ScopeKind
from larry.web.people_form import Input, Sent


def make_scope_inputs(label: str, said: Mapping[str, str]) -> tuple[Input, Input]:
    """``kind``, which has the label, and ``address``; ``said`` fills them, with everything where it says nothing."""
    return (
        Input("kind", label, said.get("kind", "everything"), kind="select",
              options=tuple((kind.value, kind.value) for kind in ScopeKind)),
        Input("address", "Which", said.get("address", ""),
              "The key of a customer or pool, customer/app of an app; nothing for everything.",
              names=reverse("scope-names")),
    )  # fmt: skip


def read_scope(sent: Sent) -> tuple[ScopeKind, str]:
    """The kind, and the address, which is empty for everything alone. Raises `Refused` with the field."""
    kind, address = sent.get("kind", "everything"), sent.get("address", "").strip("/")
    if kind not in set(ScopeKind):
        raise Refused("there is no such scope", field="kind")
    if kind == ScopeKind.EVERYTHING and address:
        raise Refused(f"say within what it is: everything is more than {address}", field="address")
    if kind != ScopeKind.EVERYTHING and not address:
        raise Refused(f"say which {kind}, by its key", field="address")
    return ScopeKind(kind), address
