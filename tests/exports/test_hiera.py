"""Real Puppet looks up in the printed data what the node says, and what a customer typed is never code."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import yaml

from larry.core.document import Json, freeze
from larry.core.node import NodeInstance
from larry.core.node_text import MASK, DatedNode, mask_node, open_node
from larry.exports import CannotPrint
from larry.exports.dialect import find_dialect
from larry.exports.puppet.eyaml import lock_secret, read_public_key
from larry.exports.puppet.hiera import escape_interpolation, render_tree
from larry.exports.puppet.literal import quote
from larry.exports.puppet.top_scope import list_variables
from tests.exports.hostile import LONG, TEXTS, every_value
from tests.exports.puppet import OURS, Catalog, Puppet, PuppetFailed
from tests.exports.specimen import HOST, PATH, dated, entry, puppet, subject
from tests.tools import require

STAGING = "acme/shop/staging"
HIERARCHY = (OURS / "hiera.yaml").read_text(encoding="utf-8")
HARMFUL = ("%{lookup('larry_services')}", "%{facts.os.family}", "%{literal('%')}", "%%{x}", "%{}", "%%%{%{x}}", "100 %")
"""Beside the table of hostile texts: each is something to Hiera, or nearly."""
LOCKS = ("ENC[PKCS7,AAAA]", "a ENC[] b", "%ENC[x]", "%{ENC[x]}", "DEC(1)::PKCS7[x]!", "ENC[GPG,x]", "enc[x]")
"""Each is something to eyaml, or nearly."""


def data(node: DatedNode) -> dict[str, Any]:
    """What the dialect prints, as YAML alone reads it."""
    said: dict[str, Any] = yaml.safe_load(find_dialect("hiera").render(node))
    return said


def moved(node: DatedNode, host: str, own: Mapping[str, Any] | None = None) -> DatedNode:
    """The same node on another host, with other levels."""
    levels = {path: freeze(values) for path, values in (node.node.own if own is None else own).items()}
    facts = replace(node.node.facts, name=host)
    return replace(node, node=replace(node.node, facts=facts, own=MappingProxyType(levels)))  # type: ignore[arg-type]


def compile_with(
    real: Puppet,
    node: DatedNode,
    files: Mapping[str, str],
    *,
    manifest: str,
    modules: Mapping[str, str] = MappingProxyType({}),
    hierarchy: str = HIERARCHY,
) -> Catalog:
    """The catalog of a host that has nothing but Larry's variables, a folder of data and a manifest."""
    environment = real.folder / "environments/production"
    texts = {"hiera.yaml": hierarchy, **{f"data/{path}": text for path, text in files.items()}}
    texts |= {f"modules/{name}/manifests/init.pp": text for name, text in modules.items()}
    for path, text in texts.items():
        (environment / path).parent.mkdir(parents=True, exist_ok=True)
        (environment / path).write_text(text, encoding="utf-8", newline="")
    variables = {"parameters": list_variables(node)}
    answer = json.dumps(variables, ensure_ascii=False, default=dict)
    return real.compile(node.node.facts.name, enc=real.answer(answer), manifest=manifest)


def look_up(real: Puppet, node: DatedNode, files: Mapping[str, str], *names: str, **more: Any) -> dict[str, Any]:
    """What `lookup` answers for each name; the text "nothing" where there is nothing."""
    rows = "".join(f"{quote(name)} => lookup({quote(name)}, {{default_value => 'nothing'}}),\n" for name in names)
    told = "class found($values) {}\n"
    catalog = compile_with(real, node, files, manifest=f"{told}class {{ 'found': values => {{\n{rows}}} }}\n", **more)
    values: dict[str, Any] = catalog.parameters("Class[Found]")["values"]
    return values


@pytest.fixture
def real(tmp_path: Path) -> Puppet:
    require("puppet")
    return Puppet(tmp_path)


# --- what is printed --------------------------------------------------------------------------------------------------


def test_a_class_finds_its_parameters_by_its_own_name() -> None:
    server = entry("postgres", tools=puppet(**{"class": "::postgresql::server"}), port=5432, on=True, later=None)
    assert data(dated(entry("ntp"), server, entry("linux", tools=puppet(skip=True)))) == {
        "larry_services": ["ntp", "postgres", "linux"],
        "larry_classes": ["ntp", "postgresql::server"],
        "postgresql::server::port": 5432,
        "postgresql::server::on": True,
        "postgresql::server::later": None,
        "lookup_options": {
            "larry_services": {"merge": "first"},
            "larry_classes": {"merge": "first"},
            "postgresql::server::port": {"merge": "first"},
            "postgresql::server::on": {"merge": "first"},
            "postgresql::server::later": {"merge": "first"},
        },
    }


def test_what_is_there_for_each_instance_goes_through_the_shipped_class() -> None:
    site = entry("site", of=PATH, after=["apache"], tools=puppet(define="apache::vhost"), port=80)
    said = data(dated(entry("apache"), site, entry("backup", audits=[subject("db")], keep=7)))
    assert said["larry_services"] == ["apache", "acme-shop-production-site", "backup"]
    assert said["larry_classes"] == ["apache", "backup", "larry::host"]
    assert said["larry::host::services"] == {
        "acme-shop-production-site": {"type": "apache::vhost", "parameters": {"port": 80}, "require": ["Class[Apache]"]}
    }


def test_a_host_with_nothing_has_a_file_all_the_same() -> None:
    assert data(dated())["larry_services"] == data(dated())["larry_classes"] == []


def test_secrets_are_masked_or_revealed_as_the_node_is() -> None:
    sealed = dated(entry("ntp", password={"sealed": "abc"}), own={PATH: {"password": {"sealed": "abc"}}})
    masked, opened = mask_node(sealed.node), open_node(sealed.node, lambda hmac: f"opened {hmac}")
    for node, shown in ((sealed.node, MASK), (masked, MASK), (opened, "opened abc")):
        assert data(replace(sealed, node=node))["ntp::password"] == shown
        files = render_tree([replace(sealed, node=node)])
        assert yaml.safe_load(files[f"instance/{PATH}.yaml"])["password"] == shown
        assert "abc" not in "".join(files.values()).replace("opened abc", "")


def test_hiera_has_no_order_of_stopping() -> None:
    with pytest.raises(CannotPrint, match="hiera has no order of stopping"):
        find_dialect("hiera").render(dated(), stop=True)


@pytest.mark.parametrize("name", ["lookup_options", "larry_services", "larry_classes"])
def test_a_level_cannot_say_what_the_tree_itself_says(name: str) -> None:
    with pytest.raises(CannotPrint, match=f"^acme: {name} means something of its own"):
        render_tree([dated(own={"acme": {name: {"token": {"merge": "deep"}}}})])


def test_a_level_with_an_odd_name_is_refused() -> None:
    with pytest.raises(CannotPrint, match="is no name of a Puppet parameter"):
        render_tree([dated(own={"acme": {"%{x}": 1}})])


def test_a_tree_has_a_file_for_every_level() -> None:
    node = dated(entry("ntp", of=PATH), own={"acme": {"zone": "utc"}, "acme/shop": {}, PATH: {"workers": 4}})
    files = render_tree([node])
    assert list(files) == [
        "common.yaml",
        "customer/acme.yaml",
        "app/acme/shop.yaml",
        "instance/acme/shop/production.yaml",
        "host/web1.example.com.yaml",
    ]
    assert files["customer/acme.yaml"] == '"zone": "utc"\n'
    assert files["app/acme/shop.yaml"] == "{}\n"
    assert files["host/web1.example.com.yaml"] == find_dialect("hiera").render(node)


def test_the_order_of_nodes_does_not_matter() -> None:
    nodes = [moved(dated(own={"acme": {"zone": zone, "x": 1}}), f"{zone}.example.com") for zone in ("a", "b", "c")]
    assert dict(render_tree(nodes)) == dict(render_tree(nodes[::-1]))


# --- what the real Puppet makes of it ---------------------------------------------------------------------------------


@pytest.mark.puppet
def test_every_hostile_value_is_looked_up_equal(real: Puppet) -> None:
    values = every_value() | {"harmful": [*HARMFUL, *LOCKS], "harmful_keys": {t: t for t in (*HARMFUL, *LOCKS)}}
    node = dated(entry("probe", **values), entry("probe", of=PATH, **values), own={"acme": values, PATH: {"x": 1}})
    probe = f"class probe({', '.join(f'${name}' for name in values)}) {{}}\n"
    said = "lookup('larry_classes', Array, 'first', []).include\n"
    levels = "".join(f"{name} => lookup('{name}'),\n" for name in values)
    said += f"class level($values) {{}}\nclass {{ 'level': values => {{\n{levels}}} }}\n"
    catalog = compile_with(real, node, render_tree([node]), manifest=said, modules={"probe": probe})
    (title,) = (entry.key for entry in node.node.services if entry.key != "probe")
    assert same(catalog.parameters("Class[Probe]"), values)
    assert same(catalog.parameters("Class[Level]")["values"], values)
    assert same(catalog.parameters(f"Larry::Service[{title}]")["parameters"], values)


@pytest.mark.puppet
def test_host_beats_instance_beats_app_beats_customer(real: Puppet) -> None:
    names = ("a", "b", "c", "d")
    own = {"acme": dict.fromkeys(names, "customer"), "acme/shop": dict.fromkeys(names[:3], "app")}
    node = dated(entry("ntp", of=PATH, servers=["x"]), own=own | {PATH: dict.fromkeys(names[:2], "instance")})
    other = moved(node, "web2.example.com", {**node.node.own, PATH: {"a": "older", "b": "instance"}})
    files = dict(render_tree([node, other]))
    assert yaml.safe_load(files[f"instance/{PATH}.yaml"]) == {"b": "instance"}
    found = {"a": "instance", "b": "instance", "c": "app", "d": "customer"}
    lists = {"larry_services": ["acme-shop-production-ntp"], "larry_classes": ["larry::host"]}
    assert look_up(real, node, files, *names, *lists, "e") == found | lists | {"e": "nothing"}
    assert look_up(real, other, files, *names) == found | {"a": "older"}


@pytest.mark.puppet
def test_of_two_instances_the_first_answers_unless_the_host_says_otherwise(real: Puppet) -> None:
    own = {"acme": {"zone": "utc"}, "acme/shop": {}, PATH: {"workers": 4}, STAGING: {"workers": 2, "only": "staging"}}
    both = dated(entry("rails", of=PATH), entry("rails", of=STAGING), own=own)
    alone = moved(dated(entry("rails", of=STAGING)), "web2.example.com", {k: v for k, v in own.items() if k != PATH})
    files = render_tree([both, alone])
    assert look_up(real, both, files, "workers", "only", "zone") == {"workers": 4, "only": "staging", "zone": "utc"}
    assert look_up(real, alone, files, "workers", "only", "zone") == {"workers": 2, "only": "staging", "zone": "utc"}


@pytest.mark.puppet
def test_a_host_that_larry_has_nothing_for_has_empty_lists(real: Puppet) -> None:
    found = look_up(real, dated(), render_tree([]), "larry_services", "larry_classes", "zone")
    assert found == {"larry_services": [], "larry_classes": [], "zone": "nothing"}


@pytest.mark.puppet
def test_null_asks_for_the_default_and_types_are_kept(real: Puppet) -> None:
    node = dated(entry("probe", port=5432, on=False, ratio=0.5, later=None))
    probe = "class probe(Integer $port, Boolean $on, Float $ratio, String $later = 'default') {}\n"
    catalog = compile_with(real, node, render_tree([node]), manifest="include probe\n", modules={"probe": probe})
    assert catalog.parameters("Class[Probe]") == {"port": 5432, "on": False, "ratio": 0.5, "later": "default"}
    wrong = dated(entry("probe", port="5432", on=False, ratio=0.5))
    with pytest.raises(PuppetFailed, match="expects an Integer"):
        compile_with(real, wrong, render_tree([wrong]), manifest="include probe\n", modules={"probe": probe})


@pytest.mark.puppet
def test_other_data_of_the_hierarchy_are_not_mixed_in(real: Puppet) -> None:
    node = dated(entry("probe", servers=["a"]))
    files = dict(render_tree([node]))
    foreign = {"larry_services": ["x"], "probe::servers": ["b"], "lookup_options": {"^.*s$": {"merge": "unique"}}}
    files["common.yaml"] = json.dumps(foreign)
    names = ("larry_services", "probe::servers")
    assert look_up(real, node, files, *names) == {"larry_services": ["probe"], "probe::servers": ["a"]}


@pytest.mark.puppet
def test_the_command_lookup_says_the_same(real: Puppet) -> None:
    node = dated(own={"acme": {"text": "".join(HARMFUL)}})
    instance = NodeInstance("acme", "shop", "production", "d0", "0" * 64)
    node = replace(node, node=replace(node.node, instances=(instance,)))
    compile_with(real, node, render_tree([node]), manifest="")
    facts = {"hostname": "web1", "domain": "example.com", "fqdn": HOST, "clientcert": HOST, **list_variables(node)}
    (real.folder / "facts.json").write_text(json.dumps(facts, default=dict))
    asked = ("--node", HOST, "--facts", str(real.folder / "facts.json"), "--render-as", "json")
    done = real.run("lookup", "text", *asked, "--node_terminus", "plain", "--environment", "production")
    assert json.loads(done.stdout[done.stdout.index('"') :]) == "".join(HARMFUL)


def same(found: Any, said: Any) -> bool:
    """Equal with types: 1 is not true and not 1.0."""
    return json.dumps(found, sort_keys=True) == json.dumps(said, sort_keys=True)


# --- eyaml ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """A pair made by eyaml itself."""
    folder = tmp_path_factory.mktemp("keys")
    pair = {name: folder / f"{name}.pem" for name in ("private", "public")}
    run_eyaml("createkeys", pair)
    return pair


def run_eyaml(verb: str, pair: Mapping[str, Path], *arguments: str) -> str:
    named = [f"--pkcs7-{name}-key={path}" for name, path in pair.items()]
    done = subprocess.run(
        [str(require("eyaml")), verb, *named, *arguments], capture_output=True, encoding="utf-8", check=True, timeout=60
    )
    return done.stdout


def make_lock(pair: Mapping[str, Path], secrets: Mapping[str, Json]) -> Callable[[str], Json]:
    certificate = read_public_key(pair["public"].read_bytes())
    return cache(lambda hmac: lock_secret(secrets[hmac], certificate))


@pytest.mark.puppet
def test_eyaml_itself_opens_what_larry_locks(keys: Mapping[str, Path]) -> None:
    locked = make_lock(keys, {"abc": 'it\'s ünder "the" mat'})("abc")
    assert run_eyaml("decrypt", keys, "-s", str(locked)).rstrip("\n") == 'it\'s ünder "the" mat'
    certificate = read_public_key(keys["public"].read_bytes())
    assert lock_secret("x", certificate) != lock_secret("x", certificate)


@pytest.mark.puppet
def test_locked_secrets_are_looked_up_equal_and_sensitive(real: Puppet, keys: Mapping[str, Path]) -> None:
    texts = (*TEXTS, *HARMFUL, *LOCKS, LONG)
    secrets: dict[str, Json] = {"one": "top %{x} secret\n", "many": list(texts), "map": {"%{k}": "v", "none": None}}
    sealed: dict[str, Any] = {name: {"sealed": name} for name in secrets}
    node = dated(
        entry("probe", **sealed, plain=list(texts)),
        entry("probe", of=PATH, one={"sealed": "one"}),
        own={"acme": {"token": {"sealed": "one"}, "plain": "ENC[PKCS7,x]"}},
    )
    files = render_tree([node], lock=make_lock(keys, secrets))
    # A phrase with a blank: three letters alone turn up by chance in so much base64.
    assert " secret" not in "".join(files.values())
    hierarchy = with_eyaml(keys)
    probe = "class probe(Sensitive[String] $one, Sensitive[Array] $many, Sensitive[Hash] $map, Array $plain) {}\n"
    opened = {f"probe::{name}": f"lookup('probe::{name}').unwrap" for name in secrets}
    opened |= {"token": "lookup('token').unwrap", "plain": "lookup('plain')"}
    rows = "".join(f"'{name}' => {code},\n" for name, code in opened.items())
    told = f"class found($values) {{}}\nclass {{ 'found': values => {{\n{rows}}} }}\n"
    manifest = f"{told}lookup('larry_classes').include\n"
    catalog = compile_with(real, node, files, manifest=manifest, modules={"probe": probe}, hierarchy=hierarchy)
    found = catalog.parameters("Class[Found]")["values"]
    plain = {"token": secrets["one"], "plain": "ENC[PKCS7,x]"}
    assert same(found, {f"probe::{name}": value for name, value in secrets.items()} | plain)
    assert same(catalog.parameters("Class[Probe]")["plain"], list(texts))
    resource = catalog.parameters("Larry::Service[acme-shop-production-probe]")
    assert resource["parameters"] == {"one": secrets["one"]}


def with_eyaml(pair: Mapping[str, Path]) -> str:
    """The shipped hierarchy with its lines for eyaml in force."""
    text = HIERARCHY.replace("  data_hash: yaml_data\n", "")
    for line in ("lookup_key:", "options:", "  pkcs7_private_key:", "  pkcs7_public_key:"):
        assert f"  # {line}" in text
        text = text.replace(f"  # {line}", f"  {line}")
    for name, path in pair.items():
        text = text.replace(f"/etc/puppet/eyaml/{name}_key.pkcs7.pem", str(path))
    return text


@pytest.mark.puppet
def test_numbers_are_refused_since_eyaml_knows_texts_only(keys: Mapping[str, Path]) -> None:
    certificate = read_public_key(keys["public"].read_bytes())
    values: tuple[Json, ...] = (7, 0.5, True, ["x", 7], {"x": False})
    for value in values:
        with pytest.raises(CannotPrint, match="make it a text"):
            lock_secret(value, certificate)


def test_what_is_no_public_key_is_refused() -> None:
    for pem in (b"", b"hello", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        with pytest.raises(CannotPrint, match="eyaml createkeys"):
            read_public_key(pem)


def test_escaping_leaves_a_lone_percent_sign_alone() -> None:
    assert escape_interpolation("100 % {x}") == "100 % {x}"
    assert escape_interpolation("%%{x}") == "%%{literal('%')}{x}"
