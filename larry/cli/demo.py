"""The demonstration: a small hosting company, and the acts by which it came to be as it is.

The acts are played by the same actions that everybody uses, each at its own moment, from the past to the present. So
the history is not painted on: it was recorded while it happened. Nothing is random, and days count from today.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import resources
from types import MappingProxyType
from typing import Any, TypeAlias

from larry.actions.apply import apply
from larry.actions.author import Author
from larry.actions.deploy import DeployItem, DeployRequest, deploy
from larry.actions.edit import edit
from larry.actions.redeploy import redeploy
from larry.actions.undeploy import undeploy
from larry.core.document import Json
from larry.nouns.estate import parse_estate
from larry.queries.deployment import DeploymentFilter, DeploymentRow, State, list_deployments
from larry.queries.moment import Moment
from larry.queries.noun import get_item

ESTATE = "demo_estate.yaml"
DOMAIN = "nordlicht.example"
SHOWN_HOST = f"web2.{DOMAIN}"
"""Two customers share one Apache on it."""

FIRST_DAY = -400
NEW_ADDRESS = "karten@museum-zeit.example"
_NOWHERE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Described:
    """The whole estate is described for the first time."""


@dataclass(frozen=True, slots=True)
class Set:
    """Parameters of a customer, app or instance are set, or taken away where the value is None."""

    noun: str
    address: str
    parameters: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Deployed:
    """An instance goes to hosts: days None are now and never.

    Hosts are named without their domain. ``as_on`` takes the Deployable that was live on that day, and not a new one.
    """

    instance: str
    hosts: tuple[str, ...]
    start: int | None = None
    end: int | None = None
    place: Mapping[str, str] = field(default_factory=lambda: _NOWHERE)
    as_on: int | None = None


@dataclass(frozen=True, slots=True)
class Redeployed:
    """Instances are brought up to what they are described as."""

    instances: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """The deployment of an instance that is, or will be, on a host comes to its end on a day."""

    instance: str
    host: str
    day: int


Deed: TypeAlias = "Described | Set | Deployed | Redeployed | Ended"


@dataclass(frozen=True, slots=True)
class Act:
    """Somebody does something on a day, counted from today, for a reason. Without a name it is whoever plays."""

    day: int
    who: str | None
    reason: str
    deed: Deed


SHOP = "acme/shop/production"
SHOP_STAGING = "acme/shop/staging"
SHOP_CI = "acme/shop/ci"
INTRANET = "acme/intranet/production"
INTRANET_STAGING = "acme/intranet/staging"
PORTAL = "gruenwald/bestell_portal/production"
PORTAL_STAGING = "gruenwald/bestell_portal/staging"
BLOG = "gruenwald/blog/production"
TICKETS = "museum_fur_zeit/tickets/production"
TICKETS_STAGING = "museum_fur_zeit/tickets/staging"
ARCHIVE = "museum_fur_zeit/archiv/production"
EXHIBITION = "museum_fur_zeit/archiv/zeit_und_meer"

WEBS = ("web1", "web2")
APART = MappingProxyType({"database": "db1", "redis": "cache1", "card_data_scan": "mon1"})
ON_DB2 = MappingProxyType({"database": "db2"})
MAREN, JOERG, AYSE = "Maren Köhler", "Jörg Petersen", "Ayşe Yıldız"

ACTS: tuple[Act, ...] = (
    Act(FIRST_DAY, None, "the estate as we found it", Described()),
    Act(-399, MAREN, "the shop goes live", Deployed(SHOP, WEBS, place=APART)),
    # Nobody says here which host may scan the staging shop for card data: that audit stays uncovered.
    Act(-395, MAREN, "a place to try changes", Deployed(SHOP_STAGING, ("web4",))),
    Act(-380, MAREN, "tests before every merge", Deployed(SHOP_CI, ("build1",))),
    Act(-360, JOERG, "moved from Acme's cellar", Deployed(INTRANET, ("web3",), place=ON_DB2)),
    Act(-340, JOERG, "a new customer, first the blog", Deployed(BLOG, ("web3",))),
    Act(-330, JOERG, "bread can be ordered by web", Deployed(PORTAL, ("web2",), place=ON_DB2)),
    Act(-300, AYSE, "tickets are sold by web", Deployed(TICKETS, ("web3",), place=ON_DB2)),
    Act(-210, JOERG, "the portal's makers try a new form", Deployed(PORTAL_STAGING, ("web4",), -200, -30)),
    # A bounded replacement: during one week the shop has more memory for sessions, then it is what it was before.
    Act(-130, MAREN, "more sessions during the sale", Set("instance", SHOP, {"maxmemory": "4gb", "workers": 24})),
    Act(-129, MAREN, "the summer sale", Deployed(SHOP, WEBS, -120, -113, APART)),
    Act(-128, MAREN, "that was only for the sale", Set("instance", SHOP, {"maxmemory": None, "workers": 12})),
    # Planned, and called off before it began: deactivated, and kept.
    Act(-100, JOERG, "a second copy of the blog", Deployed(BLOG, ("web1",), -80)),
    Act(-90, JOERG, "one copy of the blog will do", Ended(BLOG, "web1", -80)),
    # A move to another host at one moment.
    Act(-75, JOERG, "web3 is full: the blog leaves", Ended(BLOG, "web3", -60)),
    Act(-74, JOERG, "web3 is full: the blog goes to web2", Deployed(BLOG, ("web2",), -60)),
    Act(-65, AYSE, "a new ticket form to try", Deployed(TICKETS_STAGING, ("build1",), None, 45)),
    # One parameter of an app makes two instances dirty; one rollout brings both up to it.
    Act(-46, AYSE, "a new address for mail", Set("app", "museum_fur_zeit/tickets", {"serveradmin": NEW_ADDRESS})),
    Act(-45, AYSE, "a new address for mail", Redeployed((TICKETS, TICKETS_STAGING))),
    Act(-30, MAREN, "the intranet is rebuilt", Deployed(INTRANET_STAGING, ("web4",), None, 90)),
    # What comes next.
    Act(-20, AYSE, "a second copy while the crowds come", Deployed(TICKETS, ("web1",), 20, 60, ON_DB2)),
    Act(-18, AYSE, "the archive opens", Deployed(ARCHIVE, ("web1",), 30, None, ON_DB2)),
    Act(-17, AYSE, "the exhibition about time and the sea", Deployed(EXHIBITION, ("web3",), 15, 150)),
    Act(-10, MAREN, "the winter sale, just as the summer sale", Deployed(SHOP, WEBS, 30, 37, APART, as_on=-116)),
    Act(-5, MAREN, "tests move to Acme's own machines", Ended(SHOP_CI, "build1", 14)),
    # The one dirty instance: it is described anew, and nobody has deployed it yet.
    Act(-1, JOERG, "the bakery wants logs for longer", Set("instance", PORTAL, {"rotate": "90"})),
)
"""From the past to the present, each at nine (the first at midnight); what is planned begins and ends at six."""


def play(now: datetime, actor: str) -> None:
    """Fill an empty database with the demonstration. Takes one transaction for each act."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for act in ACTS:
        moment = today + timedelta(days=act.day, hours=0 if act.day == FIRST_DAY else 9)
        _perform(act.deed, Author(act.who or actor, act.reason, moment), today)


def _perform(deed: Deed, author: Author, today: datetime) -> None:
    if isinstance(deed, Described):
        text = resources.files("larry.cli").joinpath(ESTATE).read_bytes()
        apply(parse_estate([(ESTATE, text)]).items, author)
    elif isinstance(deed, Set):
        _set(deed, author)
    elif isinstance(deed, Deployed):
        deploy(_request(deed, author, today), author)
    elif isinstance(deed, Redeployed):
        redeploy(deed.instances, author)
    else:
        undeploy((_find_last(deed.instance, deed.host, author).id,), author, at=_six_on(deed.day, today))


def _set(deed: Set, author: Author) -> None:
    stated: Any = get_item(deed.noun, deed.address, author.reader, author.moment).values["parameters"]
    parameters = {name: value for name, value in {**stated, **deed.parameters}.items() if value is not None}
    edit(deed.noun, deed.address, {"parameters": parameters}, author)


def _request(deed: Deployed, author: Author, today: datetime) -> DeployRequest:
    hosts = tuple(f"{host}.{DOMAIN}" for host in deed.hosts)
    place = {service: f"{host}.{DOMAIN}" for service, host in deed.place.items()}
    snapshot = None
    if deed.as_on is not None:
        rows = _list_lane(deed.instance, deed.hosts[0], Moment(_six_on(deed.as_on, today)), author)
        snapshot = next(row.snapshot for row in rows if row.state is State.CURRENT)
    start = None if deed.start is None else _six_on(deed.start, today)
    end = None if deed.end is None else _six_on(deed.end, today)
    return DeployRequest((DeployItem(deed.instance, hosts, snapshot, place),), start, end)


def _find_last(instance: str, host: str, author: Author) -> DeploymentRow:
    return _list_lane(instance, host, author.moment, author)[-1]


def _list_lane(instance: str, host: str, at: Moment, author: Author) -> tuple[DeploymentRow, ...]:
    return list_deployments(DeploymentFilter(instance=instance, host=f"{host}.{DOMAIN}"), author.reader, at)


def _six_on(day: int, today: datetime) -> datetime:
    return today + timedelta(days=day, hours=6)
