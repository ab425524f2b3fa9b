"""What classes and roles claim becomes declarations; declarations are held against what is claimed."""

from __future__ import annotations

import pytest

from larry.core.parameters import ParameterType
from larry.exports.estate import write_estate_json
from larry.nouns.claim import check_claims, propose_service, read_puppet_claim, read_puppet_type, read_role_claim
from larry.nouns.estate import read_estate

TYPES = {
    "String": ParameterType.STRING,
    "Enum['a', 'b']": ParameterType.STRING,
    "Optional[Pattern[/x/]]": ParameterType.STRING,
    "Integer[1, 65535]": ParameterType.INTEGER,
    "TypeReference['Stdlib::Port']": ParameterType.INTEGER,
    "Optional[TypeReference['Stdlib::Absolutepath']]": ParameterType.STRING,
    "TypeReference['Apache::LogLevel']": ParameterType.ANY,
    "Numeric": ParameterType.NUMBER,
    "Boolean": ParameterType.BOOLEAN,
    "NotUndef[Array[String]]": ParameterType.LIST,
    "Tuple[String, Integer]": ParameterType.LIST,
    "Sensitive[Hash[String, Any]]": ParameterType.MAP,
    "Struct[{'a' => String}]": ParameterType.MAP,
    "Variant[String, Integer]": ParameterType.ANY,
    "Any": ParameterType.ANY,
}

NTP = {
    "name": "ntp::server",
    "params": [
        {"name": "port", "type": "Integer"},
        {"name": "servers", "type": "Array[String]", "default_source": "['a']", "default_literal": ["a"]},
        {"name": "drift", "type": "String", "default_source": "$ntp::params::drift"},
        {"name": "looked_up", "type": "Boolean"},
        {"name": "secret", "type": "Sensitive[String]"},
        {"name": "Odd", "type": "String", "default_source": "''", "default_literal": ""},
    ],
}
CLAIM = read_puppet_claim(NTP, frozenset({"ntp::server::looked_up"}))
ROLE = read_role_claim(
    "web.site",
    {
        "port": {"type": "int", "required": True, "description": ["where it", "listens"]},
        "names": {"type": "list", "default": ["a"]},
        "token": {"type": "str", "no_log": True},
        "plain": None,
    },
)


@pytest.mark.parametrize("text, expected", TYPES.items(), ids=TYPES)
def test_types_of_puppet_are_read(text: str, expected: ParameterType) -> None:
    assert read_puppet_type(text) is expected


def test_a_class_becomes_a_service_that_an_estate_file_can_state() -> None:
    service, left = propose_service(CLAIM)
    assert service["parameters"] == [
        {"name": "port", "type": "integer"},
        {"name": "servers", "type": "list", "default": ("a",)},
        {"name": "drift", "type": "string", "default": None},
        {"name": "looked_up", "type": "boolean", "default": None},
        {"name": "secret", "type": "string", "sensitive": True},
    ]
    assert (service["key"], service["tools"]) == ("ntp_server", {"puppet": {"class": "ntp::server"}})
    assert len(left) == 1
    assert "Odd is left out" in left[0]


def test_a_role_becomes_a_service() -> None:
    service, left = propose_service(ROLE)
    assert left == ()
    assert service["parameters"] == [
        {"name": "port", "type": "integer", "description": "where it listens"},
        {"name": "names", "type": "list", "default": ("a",)},
        {"name": "token", "type": "string", "sensitive": True},
        {"name": "plain", "type": "string", "default": None},
    ]
    assert (service["key"], service["tools"]) == ("web_site", {"ansible": {"role": "web.site"}})


def services(text: str) -> list[str]:
    items = read_estate([("estate.yaml", f"larry: 1\nservices: [{text}]".encode())], {}).items
    assert write_estate_json(items)
    return [fault for _, fault in check_claims([CLAIM, ROLE], items)]


def test_services_are_held_against_what_is_claimed() -> None:
    good = "port, {name: secret, sensitive: true}"
    stated = "{{name: A, tools: {{puppet: {{class: '{}'}}}}, parameters: [{}]}}".format
    assert services(stated("::ntp::server", good)) == []
    assert services(stated("other::server", "")) == [], "of a module that nobody has read"
    assert services(stated("ntp::client", "")) == ["there is no class ntp::client"]
    assert services(stated("ntp::server", f"{good}, prot")) == ["ntp::server has no parameter prot"]
    assert services(stated("ntp::server", "{name: secret, sensitive: true}")) == [
        "ntp::server needs a parameter port, which is not declared"
    ]
    assert services(stated("ntp::server", "{name: port, type: string}, secret")) == [
        "parameter port is declared string, but ntp::server takes integer",
        "parameter secret is sensitive to ntp::server, but not declared so",
    ]
    assert services("{name: B, tools: {ansible: {role: web.site}}}") == [
        "web.site needs a parameter port, which is not declared"
    ]
