"""The JSON Schemas of what is told of the estate as a whole, of people, and of pictures."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from larry.api.schema import (
    ANY,
    CONSEQUENCE,
    DIGEST,
    FLAG,
    LINE_OR_NULL,
    MAP,
    MOMENT,
    MOMENT_OR_NULL,
    TEXT,
    WHOLE,
    WHOLE_OR_NULL,
    many,
    ref,
    whole,
)
from larry.core.document import Json
from larry.core.rights import PersonRole, ScopeKind
from larry.nouns.estate_file import HEADER, VERSION
from larry.nouns.table import NOUNS

_USER = whole(
    name=TEXT,
    full_name=TEXT,
    email=TEXT,
    time_zone=TEXT,
    is_administrator=FLAG,
    is_active=FLAG,
    from_=TEXT,
    created_at=MOMENT,
    signed_in_at=MOMENT_OR_NULL,
)
_GRANT = whole(
    to={"enum": ["user", "group"]},
    name=TEXT,
    role={"enum": [role.value for role in PersonRole]},
    scope={"enum": [kind.value for kind in ScopeKind]},
    address=TEXT,
    since=MOMENT,
    from_=TEXT,
)
_WEBHOOK = whole(
    id=WHOLE,
    url=TEXT,
    events=many(TEXT),
    scope={"enum": [kind.value for kind in ScopeKind]},
    address=TEXT,
    owner=LINE_OR_NULL,
    state={"enum": ["active", "paused"]},
    created_at=MOMENT,
    paused_at=MOMENT_OR_NULL,
    pending=WHOLE,
    dead=WHOLE,
)
_DELIVERY = whole(
    key=TEXT,
    webhook=WHOLE,
    event=TEXT,
    noun=TEXT,
    address=TEXT,
    at=MOMENT,
    state=TEXT,
    attempts=WHOLE,
    due_at=MOMENT_OR_NULL,
    finished_at=MOMENT_OR_NULL,
    status=WHOLE_OR_NULL,
    note=TEXT,
)
_SOURCE = whole(
    instance=TEXT,
    deployment=TEXT,
    start=MOMENT,
    end=MOMENT_OR_NULL,
    rollout=WHOLE,
    reason=TEXT,
    snapshot=DIGEST,
    taken_at=MOMENT,
    value=ANY,
    about=many(whole(service=TEXT, host=TEXT)),
    merge=LINE_OR_NULL,
    recorded=FLAG,
    layers=many(whole(level=TEXT, owner=TEXT, value=ANY)),
    parts=many(MAP),
    today=whole(value=ANY, gone=LINE_OR_NULL, dirty=FLAG),
    touched={"type": ["object", "null"]},
)
_BOX = whole(
    id=TEXT,
    kind=TEXT,
    name=TEXT,
    detail=TEXT,
    about=TEXT,
    order=WHOLE_OR_NULL,
    conditions=many(TEXT),
    is_focus=FLAG,
    link=LINE_OR_NULL,
)
_BAR = whole(
    deployment=TEXT,
    instance=TEXT,
    host=TEXT,
    start=MOMENT,
    end=MOMENT_OR_NULL,
    conditions=many(TEXT),
    label=TEXT,
    snapshot=TEXT,
    reason=TEXT,
    services=many(TEXT),
    lacks=many(TEXT),
    link=LINE_OR_NULL,
)
_LANE = whole(kind=TEXT, name=TEXT, detail=TEXT, link=LINE_OR_NULL, bars=many(_BAR))

WIDER_ANSWERS: Mapping[str, Json] = MappingProxyType(
    {
        "Estate": {
            "type": "object",
            "description": "An estate file, as the guide tells it.",
            "required": [HEADER],
            "properties": {
                HEADER: {"const": VERSION},
                **{noun.plural: many(MAP) for noun in NOUNS.values() if noun.parent is None},
                "deployments": many(MAP),
            },
            "additionalProperties": False,
        },
        "StatedChange": whole(
            changes=many(MAP),
            digest=DIGEST,
            plan=ref("Plan"),
            redaction={"type": ["object", "null"]},
            notes=many(TEXT),
            consequence=CONSEQUENCE,
            plans={"anyOf": [many(ref("Plan")), {"type": "null"}]},
            left_aside=WHOLE,
        ),
        "Fleet": whole(
            hosts=many(whole(node=ref("Node"), roles=many(TEXT), pools=many(TEXT))),
            start=MOMENT_OR_NULL,
            end=MOMENT_OR_NULL,
        ),
        "User": _USER,
        "Users": many(ref("User")),
        "UserDone": whole(dry_run=FLAG, user=ref("User")),
        "Done": whole(dry_run=FLAG, done=TEXT),
        "Webhook": _WEBHOOK,
        "Webhooks": many(ref("Webhook")),
        "NewWebhook": whole(webhook=ref("Webhook"), secret=LINE_OR_NULL),
        "Deliveries": many(_DELIVERY),
        "Grants": many(_GRANT),
        "Groups": many(whole(name=TEXT, description=TEXT, members=many(TEXT))),
        "Explanation": whole(
            host=TEXT,
            service=TEXT,
            parameter=TEXT,
            valid=whole(from_=MOMENT, until=MOMENT_OR_NULL),
            entries=many(
                whole(
                    key=TEXT, for_=many(TEXT), carries=FLAG, value=ANY, is_declared_default=FLAG, sources=many(_SOURCE)
                )
            ),
        ),
        "Graph": whole(
            kind=TEXT,
            address=TEXT,
            title=TEXT,
            about=TEXT,
            as_of=MOMENT,
            nodes=many(_BOX),
            edges=many(whole(source=TEXT, kind=TEXT, target=TEXT, note=TEXT)),
        ),
        "IntervalMap": whole(
            kind=TEXT,
            address=TEXT,
            title=TEXT,
            as_of=MOMENT,
            from_=MOMENT,
            until=MOMENT_OR_NULL,
            boundaries=many(MOMENT),
            lanes=many(_LANE),
        ),
    }
)
"""By name."""
