"""The JSON Schemas of what is answered: the pinned shapes, each told once."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from larry.api.problem import PROBLEMS
from larry.core.document import Json
from larry.core.timeline import Kind
from larry.queries.deployment import State

Schema = dict[str, Json]

TEXT: Schema = {"type": "string"}
LINE_OR_NULL: Schema = {"type": ["string", "null"]}
WHOLE: Schema = {"type": "integer"}
WHOLE_OR_NULL: Schema = {"type": ["integer", "null"]}
FLAG: Schema = {"type": "boolean"}
ANY: Schema = {}
MOMENT: Schema = {"type": "string", "format": "date-time"}
MOMENT_OR_NULL: Schema = {"type": ["string", "null"], "format": "date-time"}
DIGEST: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
DIGEST_OR_NULL: Schema = {"type": ["string", "null"], "pattern": "^[0-9a-f]{64}$"}
MAP: Schema = {"type": "object"}


def ref(name: str) -> Schema:
    """What is described elsewhere."""
    return {"$ref": f"#/components/schemas/{name}"}


def many(items: Json) -> Schema:
    """A list of such."""
    return {"type": "array", "items": items}


def whole(**members: Json) -> Schema:
    """A map that has exactly these; a name that Python keeps to itself has an underscore after it here."""
    told = {name.rstrip("_"): member for name, member in members.items()}
    return {"type": "object", "required": list(told), "properties": told, "additionalProperties": False}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


CONSEQUENCE = whole(dirty=many(TEXT), clean=many(TEXT), lacking=many(whole(instance=TEXT, why=many(TEXT))))
"""What an edit does to instances, by path."""

_TOKEN: dict[str, Json] = {
    "user": TEXT,
    "name": TEXT,
    "prefix": TEXT,
    "role": LINE_OR_NULL,
    "scope": TEXT,
    "address": TEXT,
    "secrets": FLAG,
    "feeds": FLAG,
    "created_at": MOMENT,
    "expires_at": MOMENT,
    "revoked_at": MOMENT_OR_NULL,
    "used_at": MOMENT_OR_NULL,
}
_SPAN = whole(start=MOMENT, end=MOMENT_OR_NULL)
_NOTICE = whole(code=TEXT, text=TEXT)
_PLACE = whole(service=TEXT, host=TEXT, addresses=many(TEXT))
_SUBJECT = whole(
    service=TEXT, host=TEXT, addresses=many(TEXT), for_=many(TEXT), parameters=MAP, settings=MAP
)  # fmt: skip
_ENTRY = whole(
    service=TEXT,
    key=TEXT,
    sharing=TEXT,
    parameters=MAP,
    for_=many(TEXT),
    needs=many(TEXT),
    needs_elsewhere=many(_PLACE),
    audits=many(_SUBJECT),
    after=many(TEXT),
    tools=MAP,
)
_DIFFERENCE: dict[str, Json] = {"path": TEXT, "kind": TEXT, "old": ANY, "new": ANY, "owner": TEXT, "owner_before": ANY}
_ORIGIN = whole(level=TEXT, owner=TEXT, value=ANY)
_LIVE = whole(
    deployment=TEXT, host=TEXT, snapshot=DIGEST, dirty=FLAG, current=FLAG, differences=many(ref("Difference"))
)
_TOUCHED = whole(
    deployment=TEXT,
    instance=TEXT,
    host=TEXT,
    snapshot=DIGEST,
    before=_or_null(_SPAN),
    after=_or_null(_SPAN),
    changed_since=WHOLE_OR_NULL,
)
_KEPT: dict[str, Json] = {"digest": DIGEST, "instance": TEXT, "taken_at": MOMENT, "taken_by": TEXT}
_NAMED = whole(key=TEXT, address=TEXT)

ANSWERS: Mapping[str, Json] = MappingProxyType(
    {
        "Plan": whole(
            digest=DIGEST,
            changes=many(
                whole(
                    kind={"enum": [kind.value for kind in Kind]},
                    deployment=LINE_OR_NULL,
                    instance=TEXT,
                    host=TEXT,
                    before=_or_null(_SPAN),
                    after=_or_null(_SPAN),
                    why=TEXT,
                )
            ),
            deployed_services=many(
                whole(service=TEXT, host=TEXT, instance=TEXT, audits=many(whole(service=TEXT, host=TEXT)))
            ),
            warnings=many(_NOTICE),
            refusals=many(_NOTICE),
            nodes=many(whole(host=TEXT, from_=MOMENT, digest_before=DIGEST_OR_NULL, digest_after=DIGEST_OR_NULL)),
        ),
        "Change": whole(
            changes=many(
                whole(
                    noun=TEXT,
                    address=TEXT,
                    verb={"enum": ["create", "update", "retire"]},
                    fields={"type": "object", "additionalProperties": whole(before=ANY, after=ANY)},
                )
            ),
            digest=DIGEST,
            plan=ref("Plan"),
            redaction={"type": ["object", "null"]},
            notes=many(TEXT),
            consequence=CONSEQUENCE,
        ),
        "KeyChange": whole(
            noun=TEXT,
            before=_NAMED,
            after=_NAMED,
            moved=many(whole(noun=TEXT, before=TEXT, after=TEXT)),
            references=many(whole(noun=TEXT, address=TEXT, field=TEXT)),
            dirty=many(whole(instance=TEXT, hosts=many(TEXT), was_dirty=FLAG)),
            clean=many(TEXT),
            digest=DIGEST,
        ),
        "Deployment": whole(
            id=TEXT,
            instance=TEXT,
            host=TEXT,
            snapshot=DIGEST,
            start=MOMENT,
            end=MOMENT_OR_NULL,
            deactivated=MOMENT_OR_NULL,
            reason=TEXT,
            rollout=WHOLE,
            continues=LINE_OR_NULL,
            state={"enum": [state.value for state in State]},
            place={"type": "object", "additionalProperties": TEXT},
            uncovered=many(whole(auditor=TEXT, service=TEXT, host=TEXT, why=TEXT)),
        ),
        "Token": whole(**_TOKEN),
        "Tokens": many(whole(**_TOKEN)),
        "MadeToken": whole(**_TOKEN, token=LINE_OR_NULL, addresses=_or_null(many(TEXT))),
        "Rollout": whole(id=WHOLE, at=MOMENT, actor=TEXT, reason=TEXT, deployments=WHOLE),
        "RolloutDetail": whole(
            id=WHOLE,
            actor=TEXT,
            reason=TEXT,
            touched=many(_TOUCHED),
            later=many(whole(instance=TEXT, host=TEXT, rollout=WHOLE)),
        ),
        "Node": whole(
            host=TEXT,
            addresses=many(TEXT),
            labels={"type": "object", "additionalProperties": TEXT},
            data=MAP,
            own_parameters=MAP,
            valid=whole(from_=MOMENT, until=MOMENT_OR_NULL),
            next_change=MOMENT_OR_NULL,
            digest=DIGEST,
            instances=many(whole(customer=TEXT, app=TEXT, instance=TEXT, path=TEXT, deployment=TEXT, snapshot=DIGEST)),
            services=many(_ENTRY),
        ),
        "HostSteps": many(
            whole(
                from_=MOMENT,
                until=MOMENT_OR_NULL,
                digest=DIGEST,
                differences=many(whole(path=TEXT, kind=TEXT, old=ANY, new=ANY)),
            )
        ),
        "ParameterLines": many(
            whole(
                group={"enum": ["missing", "wrong", "matching", "unknown"]},
                name=TEXT,
                value=ANY,
                whence=_or_null(_ORIGIN),
                overrode=many(_ORIGIN),
                needed_by=many(TEXT),
                expected=LINE_OR_NULL,
            )
        ),
        "Order": many({"anyOf": [TEXT, many(TEXT)]}),
        "Difference": whole(**_DIFFERENCE),
        "Diff": {
            "anyOf": [
                whole(instance=TEXT, now=DIGEST, dirty=FLAG, snapshots=many(DIGEST), live=many(_LIVE)),
                whole(instance=TEXT, old=DIGEST, new=DIGEST, differences=many(ref("Difference"))),
            ]
        },
        "Cause": whole(**_DIFFERENCE, activity=_or_null(ref("Activity"))),
        "Dirty": whole(instance=TEXT, hosts=many(TEXT), causes=many(ref("Cause"))),
        "Dirties": many(ref("Dirty")),
        "InstanceDirty": whole(dirty=FLAG, instance=TEXT, hosts=many(TEXT), causes=many(ref("Cause"))),
        "Coverage": whole(
            covered=FLAG,
            instance=TEXT,
            deployment=TEXT,
            service=TEXT,
            host=TEXT,
            auditor=TEXT,
            where=ANY,
            placed=FLAG,
            from_=LINE_OR_NULL,
            why_not=LINE_OR_NULL,
        ),
        "Coverages": many(ref("Coverage")),
        "Situations": many(whole(what=TEXT, noun=TEXT, address=TEXT, text=TEXT)),
        "Edges": many(
            whole(
                service=TEXT,
                kind={"enum": ["needs", "audits"]},
                target=TEXT,
                where=ANY,
                since=MOMENT_OR_NULL,
                activity=WHOLE_OR_NULL,
                actor=TEXT,
                reason=TEXT,
            )
        ),
        "Activity": whole(
            id=WHOLE,
            at=MOMENT,
            actor=TEXT,
            verb=TEXT,
            noun=TEXT,
            address=TEXT,
            reason=TEXT,
            before=ANY,
            after=ANY,
            rollout=WHOLE_OR_NULL,
        ),
        "ActivityLines": many(ref("Activity")),
        "Snapshot": whole(digest=DIGEST, instance=TEXT, new=FLAG),
        "Deployable": whole(**_KEPT),
        "DeployableDetail": whole(**_KEPT, content=MAP),
        "Problem": {
            "type": "object",
            "description": "RFC 9457: why a request was not done.",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": {"type": "string", "format": "uri-reference"},
                "title": {"enum": sorted({title for _, title, _ in PROBLEMS.values()})},
                "status": {"enum": sorted({status for status, _, _ in PROBLEMS.values()})},
                "detail": TEXT,
                "errors": many(
                    {
                        "type": "object",
                        "required": ["in", "field", "text"],
                        "properties": {
                            "in": {"enum": ["body", "query", "path", "header"]},
                            "field": TEXT,
                            "text": TEXT,
                            "line": {**TEXT, "description": "The same, with its place in a file or table."},
                        },
                        "additionalProperties": False,
                    }
                ),
                "plan": ref("Plan"),
                "request": {"type": "string", "description": "The request's id (X-Request-ID), as in Larry's log."},
            },
            "additionalProperties": False,
        },
    }
)
"""By name."""
