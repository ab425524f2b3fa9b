"""A Host is a compute resource that a tool manages, with addresses, labels, capacity and free data for tools."""

from __future__ import annotations

from larry.nouns.field import Field, Kind, Noun, name_fields

HOST = Noun(
    name="host",
    plural="hosts",
    description="A compute resource that a tool manages.",
    fields=(
        *name_fields("host", Kind.HOST_NAME),
        Field("roles", Kind.REFERENCES, "The sorts of work the host is for.", default=[], target="role"),
        Field("pools", Kind.REFERENCES, "The pools the host is in.", default=[], target="pool"),
        Field("grade", Kind.REFERENCE, "The size of the host.", target="grade"),
        Field("addresses", Kind.IP_LIST, "The IP addresses of the host, the one to reach it by first.", default=[]),
        Field("labels", Kind.STRING_MAP, "Free labels: {site: fra, rack: r7}.", default={}),
        Field("capacity", Kind.NUMBER_MAP, "What the host has: {cpu: 4, memory_mib: 8192, disk_gib: 80}.", default={}),
        Field("data", Kind.JSON_MAP, "Free data for tools.", default={}),
    ),
    scope=("host", "pool"),
    sorts=("name", "key", "grade"),
    filters=("roles", "pools", "grade", "labels"),
    search=("name", "key", "description", "addresses"),
)
