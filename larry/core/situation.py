"""A situation: one strange thing that an operator would want to be told of without having asked."""

from __future__ import annotations

from dataclasses import dataclass

from larry.core.document import Json, digest_of

_SEVERAL_OF_A_SORT = frozenset(
    {"uncovered", "parameter_missing", "parameter_of_wrong_type", "parameter_unknown", "role_left"}
)


@dataclass(frozen=True, slots=True)
class Situation:
    """One strange thing: a code for programs, whom it concerns, and a sentence."""

    code: str
    noun: str
    address: str
    text: str

    @property
    def identity(self) -> str:
        """By which it is known again later. Where one noun may have several of a sort it is known by its text, else by
        what it is about: that says in other words later that it is still so."""
        text = self.text if self.code in _SEVERAL_OF_A_SORT else ""
        return digest_of([self.code, self.noun, self.address, text])[:32]

    @property
    def document(self) -> dict[str, Json]:
        """The same for programs."""
        return {"what": self.code, "noun": self.noun, "address": self.address, "text": self.text}
