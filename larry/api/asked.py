"""What may be asked: the sorts of values in addresses, query strings and bodies, each bounded, nothing unknown."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from larry.nouns.text import LONGEST_LINE, LONGEST_TEXT, find_line_fault, find_text_fault

LARGEST_ID = 2**63 - 1
LARGEST_PAGE = 500
USUAL_PAGE = 100
LONGEST_ADDRESS = 255
LONGEST_CURSOR = 2000
MOST_MEMBERS = 1000
"""Of any list in a body."""


def _check_line(value: str) -> str:
    fault = find_line_fault(value, LONGEST_CURSOR)
    if fault is not None:
        raise ValueError(fault)
    return value


def _check_text(value: str) -> str:
    fault = find_text_fault(value)
    if fault is not None:
        raise ValueError(fault)
    return value


Line = Annotated[str, StringConstraints(max_length=LONGEST_LINE), AfterValidator(_check_line)]
Address = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_ADDRESS), AfterValidator(_check_line)]
Text = Annotated[str, StringConstraints(max_length=LONGEST_TEXT), AfterValidator(_check_text)]
Digest = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern="^[0-9A-Fa-f]+$")]
Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
MomentText = Annotated[
    str,
    StringConstraints(max_length=LONGEST_LINE),
    AfterValidator(_check_line),
    Field(
        description="A moment: ISO 8601, a date, now, or from now on (+2h).",
        examples=["2026-12-01T09:00:00Z"],
    ),
]
Cursor = Annotated[str, StringConstraints(max_length=LONGEST_CURSOR), AfterValidator(_check_line)]


class AskedQuery(BaseModel):
    """A query string: all is text there, and is read as what is meant."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AsOfQuery(AskedQuery):
    as_of: MomentText | None = Field(None, description="As of this moment; now unless given.")


class PageQuery(AsOfQuery):
    limit: int = Field(USUAL_PAGE, ge=1, le=LARGEST_PAGE, description="As many at most.")
    cursor: Cursor | None = Field(None, description="From where the page before ended: its `next`.")


class PickedQuery(AsOfQuery):
    fields: Line | None = Field(None, description="Only these fields, with commas.")


class PickedPageQuery(PageQuery):
    fields: Line | None = Field(None, description="Only these fields of each, with commas.")


class ActQuery(AskedQuery):
    dry_run: bool = Field(False, description="Answer what would change, and change nothing.")


class EditQuery(ActQuery):
    expect: Digest | None = Field(None, description="The digest of the change that was seen before.")


class AskedBody(BaseModel):
    """A body: nothing is taken for something else, and nothing unknown is passed over."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ReasonBody(AskedBody):
    reason: Text = Field("", description="Why; activity keeps it. The header Larry-Reason says the same.")


class PlanBody(ReasonBody):
    expect: Digest | None = Field(None, description="The digest of the Plan that was seen before.")


class InstancePath(BaseModel):
    """The address of an instance."""

    customer: Address
    app: Address
    instance: Address

    @property
    def address(self) -> str:
        return f"{self.customer}/{self.app}/{self.instance}"


class HostPath(BaseModel):
    host: Address


class IdPath(BaseModel):
    id: Address


class NumberPath(BaseModel):
    number: Id


Anything = Any
"""A JSON value that the specs of the nouns read, not this face."""
