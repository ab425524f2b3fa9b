"""What is done about users: added, edited, given a password, let in no longer and again."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from larry.actions.author import Author, Refused
from larry.actions.user import (
    NewUser,
    UserEdit,
    activate_user,
    add_user,
    deactivate_user,
    edit_user,
    set_password,
)
from larry.queries.moment import Moment
from larry.queries.reader import NotFound
from larry.queries.user import UserRow, get_user
from larry.web.frame import Crumb, read_frame
from larry.web.page import look_or_act, make_problem
from larry.web.people_form import Done, Input, PeopleForm, Sent, answer_people_form

_LONG_ENOUGH = "At least 12 characters; several words that nobody expects together do well."


@sensitive_post_parameters("new", "again")
@look_or_act
def answer_user_new(request: HttpRequest) -> HttpResponse:
    """Somebody who may sign in."""

    def act(sent: Sent, author: Author) -> Done:
        password = _read_password(sent)
        new = NewUser(sent.get("name", ""), *_read_told(sent), bool(sent.get("is_administrator")))
        row = add_user(new, password or None, author)
        said = "may sign in" if password else "is added, and can sign in once they have a password"
        return reverse("user", args=[row.name]), f"{row.name} {said}. Grant them what they are to see."

    inputs = (
        Input("name", "Name", hint="What they sign in with: letters, digits and . @ + - _", is_required=True),
        *_inputs("", "", "", ""),
        *_password_inputs("Without one they cannot sign in yet.", is_required=False),
    )
    form = PeopleForm("New user", "Add", _crumbs(), reverse("users"), inputs, act)
    return answer_people_form(request, form)


@look_or_act
def answer_user_edit(request: HttpRequest, name: str) -> HttpResponse:
    """What is told of a user; their name stays, because activity speaks of it."""

    def form(row: UserRow, own: str) -> PeopleForm:
        def act(sent: Sent, author: Author) -> Done:
            edit_user(row.name, _read_edit(sent), author, expect=row.digest)
            return own, f"{row.name} was changed."

        inputs = _inputs(row.full_name, row.email, row.time_zone, "yes" if row.is_administrator else "")
        edits = "user", row.name
        return PeopleForm(f"Edit {row.name}", "Change", _crumbs(row), own, inputs, act, edits=edits)

    return _answer(request, name, form)


@sensitive_post_parameters("new", "again")
@look_or_act
def answer_user_password(request: HttpRequest, name: str) -> HttpResponse:
    """Another password for somebody else."""

    def form(row: UserRow, own: str) -> PeopleForm:
        def act(sent: Sent, author: Author) -> Done:
            set_password(row.name, _read_password(sent), author)
            return own, f"{row.name} has another password."

        about = (f"Wherever {row.name} is signed in, they are signed out.",)
        inputs = _password_inputs(_LONG_ENOUGH, is_required=True)
        return PeopleForm(f"Password of {row.name}", "Set it", _crumbs(row), own, inputs, act, about)

    return _answer(request, name, form)


@look_or_act
def answer_user_switch(request: HttpRequest, name: str) -> HttpResponse:
    """Let in no longer, or again."""

    def form(row: UserRow, own: str) -> PeopleForm:
        verb = "Deactivate" if row.is_active else "Activate"

        def act(_sent: Sent, author: Author) -> Done:
            (deactivate_user if row.is_active else activate_user)(row.name, author)
            return own, f"{row.name} may {'no longer' if row.is_active else 'again'} sign in."

        about = (
            f"{row.name} can no longer sign in, and what they have open ends at once. What they did stays under "
            "their name, what they were granted stays theirs, and they can be activated again."
            if row.is_active
            else f"{row.name} can sign in again with the password of before, and has what they were granted.",
        )
        return PeopleForm(
            f"{verb} {row.name}", verb, _crumbs(row), own, (), act, about, is_grave=row.is_active
        )  # fmt: skip

    return _answer(request, name, form)


def _answer(request: HttpRequest, name: str, form: Callable[[UserRow, str], PeopleForm]) -> HttpResponse:
    frame = read_frame(request)
    try:
        row = get_user(name[:300], frame.visitor.reader, Moment(frame.asked.now))
    except NotFound as fault:
        return make_problem(request, 404, str(fault))
    return answer_people_form(request, form(row, reverse("user", args=[row.name])))


def _crumbs(row: UserRow | None = None) -> tuple[Crumb, ...]:
    own = (Crumb(row.name, reverse("user", args=[row.name])),) if row is not None else ()
    return (Crumb("Users", reverse("users")), *own)


def _inputs(full_name: str, email: str, zone: str, is_administrator: str) -> tuple[Input, ...]:
    return (
        Input("full_name", "Full name", full_name, "What pages call them."),
        Input("email", "Email", email, "Where mail reaches them.", kind="email"),
        Input("time_zone", "Time zone", zone, "In which times are shown to them, such as Europe/Berlin."),
        Input("is_administrator", "Administrator", is_administrator, "may do everything, and see everything", "check"),
    )


def _password_inputs(hint: str, *, is_required: bool) -> tuple[Input, ...]:
    kind, complete = "password", "new-password"
    return (
        Input("new", "Password", hint=hint, kind=kind, complete=complete, is_required=is_required),
        Input("again", "Password, again", kind=kind, complete=complete, is_required=is_required),
    )


def _read_told(sent: Sent) -> tuple[str, str, str]:
    return sent.get("full_name", ""), sent.get("email", ""), sent.get("time_zone", "")


def _read_edit(sent: Sent) -> UserEdit:
    return UserEdit(*_read_told(sent), bool(sent.get("is_administrator")))


def _read_password(sent: Sent) -> str:
    if sent.get("new", "") != sent.get("again", ""):
        raise Refused("the password was not typed twice in the same way")
    return sent.get("new", "")
