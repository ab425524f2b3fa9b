"""The manifest has a class for each level with its own parameters, and a statement for the node."""

from __future__ import annotations

import pytest

from larry.exports import CannotPrint
from larry.exports.dialect import find_dialect
from larry.exports.puppet.literal import literal
from tests.exports.hostile import TEXTS
from tests.exports.specimen import PATH, dated, entry, puppet

WHOLE = """\
class larry::customer::acme (
  String $timezone = 'Europe/Berlin',
) {
}

class larry::app::acme::shop {
  require larry::customer::acme
}

class larry::instance::acme::shop::production (
  Boolean $debug = false,
  Hash $limits = {
    'cpu' => 1,
  },
  Any $nothing = undef,
  Float $ratio = 0.5,
  Array $tags = [],
  Integer $workers = 4,
) {
  require larry::app::acme::shop
}

node 'web1.example.com' {
  $larry_host = 'web1.example.com'
  $larry_digest = '%s'
  $larry_customers = [
    'acme',
  ]
  $larry_apps = [
    'acme/shop',
  ]
  $larry_instances = [
    'acme/shop/production',
  ]
  $larry_addresses = [
    '10.0.0.11',
  ]
  $larry_labels = {
    'site' => 'fra',
  }
  $larry_data = {}
  $larry_audits = {}
  $larry_needs_elsewhere = {}

  include larry::customer::acme
  include larry::app::acme::shop
  include larry::instance::acme::shop::production

  class { 'ntp':
  }

  class { 'postgresql::server':
    listen_addresses => '*',
    port             => 5432,
    require          => Class['ntp'],
  }

  postgresql::server::db { 'acme-shop-production-db':
    password => 'it\\'s',
    require  => [Class['ntp'], Class['postgresql::server']],
  }

  class { 'watch':
    require => Postgresql::Server::Db['acme-shop-production-db'],
  }
}
"""


def test_a_whole_manifest() -> None:
    node = dated(
        entry("ntp"),
        entry(
            "postgres", after=["ntp"], tools=puppet(**{"class": "postgresql::server"}), listen_addresses="*", port=5432
        ),
        entry("db", of=PATH, after=["ntp", "postgres"], tools=puppet(define="postgresql::server::db"), password="it's"),
        entry("watch", after=["acme-shop-production-db"]),
        own={
            "acme": {"timezone": "Europe/Berlin"},
            "acme/shop": {},
            PATH: {"debug": False, "limits": {"cpu": 1}, "nothing": None, "ratio": 0.5, "tags": [], "workers": 4},
        },
    )
    assert find_dialect("pp").render(node) == WHOLE % node.digest


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: repr(text)[:30])
def test_text_cannot_leave_its_quotes(text: str) -> None:
    said = literal(text)
    assert said[0] == said[-1] == "'"
    inside = said[1:-1].replace("\\\\", "").replace("\\'", "")
    assert "'" not in inside
    assert "\\" not in inside


def test_a_level_with_an_odd_name_is_refused() -> None:
    with pytest.raises(CannotPrint, match="acme: 'a b' is no name of a Puppet parameter"):
        find_dialect("pp").render(dated(own={"acme": {"a b": 1}}))


def test_a_manifest_refuses_what_the_classifier_refuses() -> None:
    with pytest.raises(CannotPrint, match="both the Puppet class"):
        find_dialect("pp").render(dated(*(entry(name, tools=puppet(**{"class": "same"})) for name in ("one", "two"))))
