"""Reading the simple nouns: one list and one page of each sort, derived from its spec."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpResponse
from pydantic import BaseModel, Field, create_model

from larry.api.asked import Address, AsOfQuery, Line, PageQuery
from larry.api.operation import Answer, Call, expose, pick, say_as_now
from larry.api.page import make_cursor, page_document, read_cursor, read_id_mark
from larry.api.problem import make_json
from larry.api.sought import read_sort
from larry.api.tag import split_tags, tag_of
from larry.core.document import Json
from larry.nouns.directory import spell_out_parents
from larry.nouns.field import Noun
from larry.nouns.item import Item
from larry.nouns.table import NOUNS
from larry.queries.listing import ListingRequest, get_stretch, list_sorts
from larry.queries.noun import get_item


class NounQuery(AsOfQuery):
    fields: Line | None = Field(None, description="Only these, such as `address,name`.")


class NounsQuery(PageQuery):
    fields: Line | None = Field(None, description="Only these, such as `address,name`.")
    q: Line | None = Field(None, description="Words that are all found in what is searched.")
    sort: Line | None = Field(None, description="What to sort by, without regard to case; downwards with a minus.")


def schema_name(noun: Noun) -> str:
    """What the description calls an item of the noun."""
    return noun.name.capitalize()


def route_of(noun: Noun) -> str:
    """The address of one, by its own key and those above it."""
    return f"/{noun.plural}" + "".join(f"/{{{step}}}" for step in spell_out_parents(noun.name))


def path_type(noun: Noun) -> type[BaseModel]:
    """The type of that address."""
    steps: dict[str, Any] = dict.fromkeys(spell_out_parents(noun.name), (Address, ...))
    return cast("type[BaseModel]", create_model(f"{schema_name(noun)}Path", **steps))


def find_item(noun: Noun, path: BaseModel, call: Call) -> Item:
    """The noun at an address. Raises `NotFound`."""
    return get_item(noun.name, "/".join(map(str, path.model_dump().values())), call.reader, call.present)


def make_etag(item: Item) -> str:
    """Strong: another one when any field is another."""
    return tag_of(item.digest)


def _expose_list(noun: Noun) -> None:
    words: dict[str, Any] = {
        word: (Line | None, Field(None, description=f"Only those of this {word.replace('_', ' ')}."))
        for word in noun.filters
    }
    query = create_model(f"{schema_name(noun)}Query", __base__=NounsQuery, **words)

    def answer(call: Call, asked: NounsQuery) -> HttpResponse:
        given = asked.model_dump()
        filters: dict[str, str] = {word: given[word] for word in noun.filters if given[word] is not None}
        sort, is_descending = read_sort(asked.sort, list_sorts(noun.name, call.reader, call.present), noun.plural)
        known: Json = [noun.name, filters, asked.q or "", sort, is_descending]
        after = read_id_mark(read_cursor(asked.cursor, known))
        request = ListingRequest(noun.name, filters, asked.q or "", sort, is_descending, most=asked.limit)
        found = get_stretch(request, after, call.reader, call.present)
        following = make_cursor(known, found.last) if found.last is not None else None
        items = [pick(item.document, asked.fields) for item in found.items]
        headers = say_as_now(call, asked.as_of, noun.plural)
        return make_json(page_document(items, following, found.total), headers=headers)

    expose(
        "GET",
        f"/{noun.plural}",
        tag=noun.plural,
        name=f"list_{noun.plural}",
        summary=f"List {noun.plural}",
        answers={200: Answer(f"{schema_name(noun)}Page", "One page.", ("Larry-As-Of", "Larry-Note"))},
        problems=("not-found",),
        hints={"asked": query},
    )(answer)


def _expose_one(noun: Noun) -> None:
    def answer(call: Call, path: BaseModel, asked: NounQuery) -> HttpResponse:
        item = find_item(noun, path, call)
        headers = {**say_as_now(call, asked.as_of, f"the {noun.name}"), "ETag": make_etag(item)}
        document = pick(item.document, asked.fields)
        if asked.fields is None and make_etag(item) in split_tags(call.request.headers.get("If-None-Match", "")):
            return HttpResponse(status=304, headers=headers)
        return make_json(document, headers=headers)

    expose(
        "GET",
        route_of(noun),
        tag=noun.plural,
        name=f"get_{noun.name}",
        summary=f"Read one {noun.name}",
        answers={
            200: Answer(schema_name(noun), "As it is now.", ("ETag", "Larry-As-Of", "Larry-Note")),
            304: Answer("", "The asker has it already.", ("ETag",)),
        },
        problems=("not-found",),
        headers=("If-None-Match",),
        hints={"path": path_type(noun)},
    )(answer)


def expose_nouns() -> None:
    """The reading operations of every noun."""
    for noun in NOUNS.values():
        _expose_list(noun)
        _expose_one(noun)
