"""A Host is a compute resource that a tool manages, with addresses, labels, capacity and free data for tools."""

from __future__ import annotations

from larry.nouns.field import Field, FieldKind, Noun, name_fields

HOST = Noun(
    name="host",
    plural="hosts",
    description="A compute resource that a tool manages.",
    fields=(
        *name_fields("host", FieldKind.HOST_NAME),
        Field("roles", FieldKind.REFERENCES, "The sorts of work the host is for.", default=[], target="role"),
        Field("pools", FieldKind.REFERENCES, "The pools the host is in.", default=[], target="pool"),
        Field("grade", FieldKind.REFERENCE, "The size of the host.", target="grade"),
        Field("addresses", FieldKind.IP_LIST, "The IP addresses, the one to reach it by first.", default=[]),
        Field("labels", FieldKind.STRING_MAP, "Free labels: {site: fra, rack: r7}.", default={}),
        Field("capacity", FieldKind.NUMBER_MAP, "What it has: {cpu: 4, memory_mib: 8192, disk_gib: 80}.", default={}),
        Field("data", FieldKind.JSON_MAP, "Free data for tools.", default={}),
    ),
    scope=("host", "pool"),
    sorts=("name", "key", "grade"),
    filters=("roles", "pools", "grade", "labels"),
    search=("name", "key", "description", "addresses"),
)
