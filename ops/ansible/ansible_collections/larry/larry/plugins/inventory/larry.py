"""The hosts, groups and variables of an estate, as Larry tells them as of any moment."""

from __future__ import annotations

DOCUMENTATION = r"""
name: larry
short_description: Every host that Larry knows, with what is to run on it
version_added: 0.1.0
author: The Larry authors
description:
  - Reads what C(larry inventory --format ansible) prints, over HTTP, from the command, or from a file.
  - Groups are C(customer_KEY), C(app_KEY__KEY) and C(instance_KEY__KEY__KEY) (each within the one before),
    C(service_KEY), C(role_KEY) and C(pool_KEY).
  - Every variable begins with C(larry_). No text of anybody is ever taken for a template.
extends_documentation_fragment:
  - constructed
  - inventory_cache
options:
  plugin:
    description: Marks a file as one for this plugin.
    type: str
    required: true
    choices: [larry.larry.larry]
  url:
    description: Where Larry is, such as V(https://larry.example.com). One of O(url), O(command) and O(file) is needed.
    type: str
    env: [{name: LARRY_URL}]
  token:
    description: A token for the API.
    type: str
    env: [{name: LARRY_TOKEN}]
  token_file:
    description: A file with nothing but the token.
    type: path
    env: [{name: LARRY_TOKEN_FILE}]
  command:
    description: The command to ask instead of an address, such as V([larry]).
    type: list
    elements: str
  file:
    description:
      - A file that C(larry inventory --format ansible) has written, or that C(larry publish) keeps, to be read instead.
      - One that is published is compared with its checksums. When it is damaged, the one before it is used, with a
        warning.
    type: path
    env: [{name: LARRY_INVENTORY_FILE}]
  as_of:
    description: A moment, past or future, such as V(2026-12-01T09:00Z) or V(+2h). Without it, now.
    type: str
    env: [{name: LARRY_AS_OF}]
  timeout:
    description: How long to wait for an answer, in seconds.
    type: int
    default: 30
notes:
  - What is in the cache is used until O(cache_timeout) or the next change that Larry has announced, whichever is first.
    When Larry is away then, it is used all the same, with a warning.
"""

EXAMPLES = r"""
# larry.yml
plugin: larry.larry.larry
url: https://larry.example.com
token_file: /etc/larry/token

---
# What will be on Monday, with groups of the hosts' labels.
plugin: larry.larry.larry
command: [larry]
as_of: 2026-12-07T06:00Z
keyed_groups:
  - {key: larry_labels.site, prefix: site}

---
# From a file, kept by the controller for ten minutes.
plugin: larry.larry.larry
file: /srv/larry/inventory.ansible
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/ansible
cache_timeout: 600
"""

import hashlib
import json
import subprocess
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import urlencode

from ansible.errors import AnsibleParserError
from ansible.module_utils.urls import open_url
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.unsafe_proxy import wrap_var

UNSAFE = "__ansible_unsafe"


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """An inventory plugin, as Ansible calls it."""

    NAME = "larry.larry.larry"

    def verify_file(self, path):
        """Whether the file is one of ours, by its name."""
        return super().verify_file(path) and path.endswith(("larry.yml", "larry.yaml"))

    def parse(self, inventory, loader, path, cache=True):
        """Fill the inventory."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        self._fill(self._find(path, use_cache=cache))

    def _find(self, path, *, use_cache):
        """The document, from the cache as long as it holds."""
        keeps = self.get_option("cache")
        key = f"{self.get_cache_key(path)}_{self._source()}"
        kept = None
        if keeps and use_cache:
            try:
                kept = _read(self._cache[key])
            except (KeyError, ValueError):
                kept = None  # nothing is kept, or not what we kept
            if kept is not None and not self._is_over(kept):
                return kept
        try:
            text = self._ask()
            document = _read(text)
        except (OSError, ValueError, subprocess.SubprocessError) as fault:
            if kept is None or _is_refusal(fault):
                raise AnsibleParserError(f"larry: {fault}") from fault
            self.display.warning(
                f"larry: {fault}; the inventory is an earlier one, of which something has changed since"
            )
            return kept
        if keeps:
            self._cache[key] = text
        return document

    def _source(self):
        """Who is asked for what, so that no answer to another question is taken from the cache."""
        asked = [self.get_option(name) for name in ("url", "command", "file", "as_of")]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]

    def _ask(self):
        url, command, file = (self.get_option(name) for name in ("url", "command", "file"))
        if sum(1 for each in (url, command, file) if each) != 1:
            raise AnsibleParserError("larry: say one of url, command and file")
        as_of, timeout = self.get_option("as_of"), self.get_option("timeout")
        if file:
            if as_of:
                raise AnsibleParserError("larry: a file is of one moment: leave out as_of")
            return _read_whole(file, lambda text: self.display.warning(f"larry: {text}"))
        if command:
            asked = [*command, "inventory", "--format", "ansible", *(["--as-of", as_of] if as_of else [])]
            done = subprocess.run(asked, capture_output=True, timeout=timeout, check=False)
            if done.returncode:
                raise ValueError(done.stderr.decode(errors="replace").strip())
            return done.stdout.decode()
        query = f"?{urlencode({'as_of': as_of})}" if as_of else ""
        token = self._token()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        with open_url(f"{url.rstrip('/')}/inventory.ansible{query}", headers=headers, timeout=timeout) as answer:
            return answer.read().decode()

    def _token(self):
        if self.get_option("token"):
            return self.get_option("token")
        path = self.get_option("token_file")
        return Path(path).read_text(encoding="utf-8").strip() if path else None

    def _is_over(self, document):
        """Whether Larry announced a change that has come since; a fixed moment has none."""
        if self.get_option("as_of"):
            return False
        changes = (of.get("larry_next_change") for of in document["_meta"]["hostvars"].values())
        texts = (change[UNSAFE] if isinstance(change, dict) else change for change in changes if change)
        now = datetime.now(timezone.utc)
        return any(datetime.fromisoformat(text.replace("Z", "+00:00")) <= now for text in texts)

    def _fill(self, document):
        groups = {name: group for name, group in document.items() if name != "_meta"}
        for name in groups:
            self.inventory.add_group(name)
        for name, group in groups.items():
            for host in group.get("hosts", ()):
                self.inventory.add_host(host, group=name)
            for child in group.get("children", ()):
                self.inventory.add_child(name, child)
            for variable, value in group.get("vars", {}).items():
                self.inventory.set_variable(name, variable, _open(value))
        strict = self.get_option("strict")
        for host, variables in document["_meta"]["hostvars"].items():
            self.inventory.add_host(host)
            for variable, value in variables.items():
                self.inventory.set_variable(host, variable, _open(value))
            known = self.inventory.get_host(host).get_vars()
            self._set_composite_vars(self.get_option("compose"), known, host, strict=strict)
            self._add_host_to_composed_groups(self.get_option("groups"), known, host, strict=strict)
            self._add_host_to_keyed_groups(self.get_option("keyed_groups"), known, host, strict=strict)


def _read_whole(path, warn):
    """The text of a file; of one that `larry publish` keeps, proven whole by the checksums beside it, or else what
    stood there before, with a warning."""
    sums = Path(f"{path}.sum")
    known = sums.read_text(encoding="ascii", errors="replace").split("\n") if sums.exists() else None
    for place in (Path(path), Path(f"{path}.prev")):
        body = place.read_bytes() if known is None or place.exists() else None
        if known is None or (body is not None and f"{hashlib.sha256(body).hexdigest()} {len(body)}" in known):
            if place != Path(path):
                warn(f"{path} is not what was published: this is what was published before it")
            return body.decode()
    raise ValueError(f"{path} is not what was published, and there is no whole one from before: publish again")


def _read(text):
    """The document; ValueError when the text is none of Larry's."""
    document = json.loads(text)
    if not isinstance(document, dict) or "hostvars" not in document.get("_meta", {}) or "all" not in document:
        raise ValueError("the answer is no inventory of Larry's")
    return document


def _is_refusal(fault):
    """Whether Larry answered that it will not, which no earlier answer makes good."""
    code = getattr(fault, "code", None)
    return isinstance(code, int) and 400 <= code < 500 and code not in (408, 429)


def _open(value):
    """The value with every text that is marked as no template made one for Ansible."""
    if isinstance(value, dict):
        if set(value) == {UNSAFE}:
            return wrap_var(value[UNSAFE])
        return {key: _open(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_open(member) for member in value]
    return value
