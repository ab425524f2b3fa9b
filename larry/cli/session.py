"""A session is one call of the command: who calls, when, in which time zone, with Django made ready."""

from __future__ import annotations

import getpass
import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

import click

from larry.cli.failure import CannotStart
from larry.cli.server_option import ChosenServer, find_chosen, read_zone
from larry.core.moment_text import NotAMoment, read_moment
from larry.outside import clock

if TYPE_CHECKING:
    from larry.actions.author import Author
    from larry.client.remote import RemoteLarry
    from larry.queries.moment import Moment
    from larry.queries.reader import Reader

P = ParamSpec("P")
T = TypeVar("T")

LONGEST_ACTOR = 200


@dataclass(frozen=True, slots=True)
class Session:
    """``now`` is read once, so that everything one command says is of one moment."""

    now: datetime
    zone: ZoneInfo
    remote: RemoteLarry | None = None
    """The Larry elsewhere that everything is asked of, if it is."""

    def call(self, local: Callable[P, T]) -> Callable[P, T]:
        """The question or act: as it is here, or its form at the remote Larry. Raises `CannotStart` if it has none."""
        if self.remote is None:
            return local
        from larry.cli.remote import act, drawing, query  # noqa: F401 — each registers what stands for what
        from larry.cli.remote.table import STANDING, bind_remote

        if local not in STANDING:
            raise CannotStart("this is not asked of a Larry elsewhere: run it where Larry is, without --server")
        return bind_remote(local, self.remote)

    @property
    def reader(self) -> Reader:
        from larry.queries.reader import LOCAL

        return LOCAL

    def author(self, reason: str | None) -> Author:
        from larry.actions.author import Author

        return Author(find_actor(), (reason or "").strip(), self.now)

    def moment(self, text: str, option: str) -> datetime:
        """The moment that an option names; wrong usage if it names none."""
        try:
            return read_moment(text, now=self.now, zone=self.zone)
        except NotAMoment as fault:
            raise click.BadParameter(str(fault), param_hint=option) from None

    def find_moment(self, text: str | None, option: str) -> datetime | None:
        """The same for an option that may be left out."""
        return None if text is None else self.moment(text, option)

    def at(self, as_of: str | None, known_at: str | None = None) -> Moment:
        from larry.queries.moment import Moment

        known = self.find_moment(known_at, "--known-at")
        return Moment(self.now if as_of is None else self.moment(as_of, "--as-of"), known)

    def say_as_now(self, what: str, as_of: str | None) -> None:
        """What can be edited keeps no history of its own, and says so when asked for another moment."""
        if as_of is not None and self.at(as_of).as_of != self.now:
            click.echo(f"note: {what} can be edited, and so are shown as they are now", err=True)


def open_session(*, needs_database: bool = True) -> Session:
    """Read the settings and make Django ready; or a session at the Larry elsewhere that the command was told of.
    Raises `CannotStart`."""
    chosen = find_chosen()
    if chosen is not None and needs_database:
        return _open_remote(chosen)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "larry.site.settings")
    try:
        importlib.import_module(os.environ["DJANGO_SETTINGS_MODULE"])
    except Exception as fault:
        raise CannotStart(str(fault) or type(fault).__name__) from fault

    import django
    from django.conf import settings

    django.setup(set_prefix=False)
    if needs_database:
        _refuse_absent_database()
    return Session(clock.now(), ZoneInfo(settings.TIME_ZONE))


def _open_remote(chosen: ChosenServer) -> Session:
    """A session at a Larry elsewhere. No settings of a database are read, so that none here can be asked by mistake."""
    import django
    from django.conf import settings

    if not settings.configured:
        settings.configure(
            INSTALLED_APPS=["larry.records.apps.RecordsConfig"],
            AUTH_USER_MODEL="larry.User",
            DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
            USE_I18N=False,
            USE_TZ=True,
            TIME_ZONE=read_zone(os.environ),
        )
    django.setup(set_prefix=False)
    return Session(clock.now(), ZoneInfo(settings.TIME_ZONE), chosen.connect())


def _refuse_absent_database() -> None:
    """SQLite would make an empty file of a wrong name and say nothing."""
    from django.db import connection

    if connection.vendor == "sqlite":
        name = connection.settings_dict["NAME"]
        path = Path(name)
        if "mode=memory" not in str(name) and not path.exists():
            raise CannotStart(f"there is no database at {path} yet: run `larry migrate`, or try `larry demo`")


def find_actor() -> str:
    """Who acts: $LARRY_ACTOR, else the name of whoever is logged in."""
    said = os.environ.get("LARRY_ACTOR", "").strip()
    if said:
        if len(said) > LONGEST_ACTOR or not said.isprintable():
            raise CannotStart(f"LARRY_ACTOR is a name of one line of at most {LONGEST_ACTOR} characters")
        return said
    try:
        return getpass.getuser()[:LONGEST_ACTOR]
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
