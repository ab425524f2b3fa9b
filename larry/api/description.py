"""The description of the API, in OpenAPI 3.1: what the operations are made of, with examples and every problem."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from larry.api.estate_schema import WIDER_ANSWERS
from larry.api.noun_schema import describe_page, noun_schemas
from larry.api.operation import Operation
from larry.api.problem import MEDIA_TYPE, PREFIX, PROBLEMS
from larry.api.resource import REGISTERED, REGISTERED_API
from larry.api.schema import ANSWERS, ref
from larry.core.document import Json, thaw

ROOT = "/api/v1"
_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Larry-Reason": "Why, where the body does not say it; UTF-8.",
        "Idempotency-Key": "Of one's own choice: sent again within 24 hours, the request is answered as before.",
        "If-Match": "The ETag that it was read with: 412 when somebody has changed it since. Recommended.",
        "If-None-Match": "The ETag that the asker has: 304 when it is still so.",
        "Larry-As-Of": "Of which moment the answer is.",
        "Larry-Note": "What was asked of another moment and is shown as it is now.",
        "Larry-Next-Change": "When the node changes next.",
        "ETag": "Another one when anything is another.",
        "Location": "Where the new one is found.",
        "Idempotent-Replay": "The request was done before: this is what it answered.",
    }
)


@cache
def describe_api() -> str:
    """The document as JSON text, made once."""
    document: dict[str, Any] = dict(REGISTERED_API.get_openapi_schema(path_prefix=""))
    document["paths"] = {f"{ROOT}{path}": document["paths"][path] for path in document["paths"]}
    for methods in document["paths"].values():
        for told in methods.values():
            _complete(told, REGISTERED[told["operationId"]])
    pages = {f"{name}Page": describe_page(name, is_counted=_COUNTED.get(name, False)) for name in _PAGED}
    schemas = {
        **document["components"]["schemas"],
        **thaw_map(ANSWERS),
        **thaw_map(WIDER_ANSWERS),
        **noun_schemas(),
        **pages,
        **_describe_parts(),
    }
    examples = {name: {"value": value} for name, value in read_examples().items()}
    document["components"] = {"schemas": schemas, "examples": examples, "securitySchemes": _SECURITY}
    document["security"] = [{"token": []}, {"session": []}]
    document["info"]["license"] = {"name": "MIT", "identifier": "MIT"}
    document.pop("servers", None)
    return json.dumps(document, ensure_ascii=False, allow_nan=False)


@cache
def read_examples() -> Mapping[str, Json]:
    """What the demonstration answers, by the name of its schema; lists are cut short."""
    read: dict[str, Json] = json.loads(Path(__file__).with_name("examples.json").read_text(encoding="utf-8"))
    return MappingProxyType(read)


_PAGED = ("Deployment", "Rollout", "Activity", "Deployable")
_IN_PART, _PART = (*_PAGED, "RolloutDetail", "DeployableDetail"), "Part"
_COUNTED: Mapping[str, bool | None] = MappingProxyType({"Rollout": True, "Deployment": None})
"""Whose pages say how many there are; those of deployments do where they are sought or sorted."""
_SECURITY: dict[str, Any] = {
    "token": {"type": "http", "scheme": "bearer", "description": "A token of a user or a machine."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "larry_session",
        "description": "Whoever has signed in by the page; what is written needs the header X-CSRFToken.",
    },
}


def thaw_map(values: Mapping[str, Json]) -> dict[str, Json]:
    """Plain dicts and lists."""
    return {name: thaw(value) for name, value in values.items()}


def _complete(told: dict[str, Any], known: Operation) -> None:
    """What ninja does not know: headers, the bodies that specs describe, every answer."""
    told.pop("description", None)
    for name in known.headers:
        header = {"in": "header", "name": name, "required": False, "schema": {"type": "string"}}
        told["parameters"].append({**header, "description": _HEADERS[name]})
    if known.body is not None:
        told["requestBody"] = {"required": True, "content": {"application/json": {"schema": _body_schema(known.body)}}}
    if known.example is not None:
        told["requestBody"]["content"]["application/json"]["examples"] = {"usual": {"value": known.example}}
    told["responses"] = {str(status): _describe_answer(answer) for status, answer in known.answers.items()}
    if any(each["name"] == "fields" for each in told["parameters"]):
        _let_less_be_asked(told["responses"]["200"]["content"]["application/json"])
    for code in known.problems:
        status, title, _ = PROBLEMS[code]
        response = told["responses"].setdefault(str(status), _describe_problem(title))
        example = {"type": f"{PREFIX}{code}", "title": title, "status": status, "detail": PROBLEMS[code][2]}
        response["content"][MEDIA_TYPE]["examples"][code] = {"value": example}


def _let_less_be_asked(content: dict[str, Any]) -> None:
    """Of what may be answered in part, no field is certain. Those of nouns are described so themselves."""
    name = content["schema"]["$ref"].rpartition("/")[2]
    part = f"{name.removesuffix('Page')}{_PART}{'Page' if name.endswith('Page') else ''}"
    if part in _describe_parts():
        content["schema"] = ref(part)


@cache
def _describe_parts() -> Mapping[str, Json]:
    found: dict[str, Json] = {}
    for name in _IN_PART:
        described: Any = thaw(ANSWERS[name])
        found[f"{name}{_PART}"] = {**described, "required": []}
        if name in _PAGED:
            found[f"{name}{_PART}Page"] = describe_page(f"{name}{_PART}", is_counted=_COUNTED.get(name, False))
    return MappingProxyType(found)


def _body_schema(body: Json) -> Json:
    """One, or one or many of it."""
    if isinstance(body, str):
        return ref(body)
    name = str(body[0])  # type: ignore[index]  # a list of one
    if name.endswith("Changes"):
        return ref(name)
    return {"anyOf": [ref(name), {"type": "array", "minItems": 1, "maxItems": 1000, "items": ref(name)}]}


def _describe_answer(answer: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"description": answer.text}
    if answer.schema:
        usual = {"usual": {"$ref": f"#/components/examples/{answer.schema}"}}
        told["content"] = {"application/json": {"schema": ref(answer.schema), "examples": usual}}
        told["content"] |= {media: {"schema": {"type": "string"}} for media in answer.media}
    if answer.headers:
        told["headers"] = {
            name: {"description": _HEADERS[name], "schema": {"type": "string"}} for name in answer.headers
        }
    return told


def _describe_problem(title: str) -> dict[str, Any]:
    return {"description": title, "content": {MEDIA_TYPE: {"schema": ref("Problem"), "examples": {}}}}
