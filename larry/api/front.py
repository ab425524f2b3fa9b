"""The front of the API: its routes, each behind a guard, its description and the page to read it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt

from larry.api.description import describe_api
from larry.api.fault import answer_failure
from larry.api.problem import Problem, answer_problem, make_json_text
from larry.api.reader_page import answer_reader_page, answer_style
from larry.api.reply import read_only
from larry.api.resource import REGISTERED_API


def list_routes() -> list[URLPattern]:
    """Every route beneath /api/v1, and an answer for all others."""
    routes, _, _ = REGISTERED_API.urls
    guarded = [_guard(route) for route in routes if isinstance(route, URLPattern) and route.name != "api-root"]
    return [
        path("openapi.json", answer_description, name="description"),
        path("docs", answer_reader_page, name="docs"),
        path("docs.css", answer_style, name="docs-style"),
        *guarded,
        path("", answer_nothing, name="nothing"),
        path("<path:asked>", answer_nothing, name="nothing"),
    ]


@read_only
def answer_description(request: HttpRequest) -> HttpResponse:
    """The description; it holds nothing of the estate, and so needs no sign-in."""
    del request
    return make_json_text(describe_api())


@csrf_exempt
def answer_nothing(request: HttpRequest, asked: str = "") -> HttpResponse:
    """No such address."""
    del request, asked
    return answer_problem(Problem("not-found", "there is nothing at this address: see /api/v1/docs"))


def _guard(route: URLPattern) -> URLPattern:
    return URLPattern(route.pattern, _guarded(route.callback), name=route.name)


def _guarded(view: Callable[..., Any]) -> Callable[..., HttpResponse]:
    """The view, with whatever it leaves unanswered answered as a problem; HEAD is GET without the body."""

    @csrf_exempt  # sessions are checked where a caller is recognised
    def answer(request: HttpRequest, **arguments: str) -> HttpResponse:
        is_head = request.method == "HEAD"
        if is_head:
            request.method = "GET"
        try:
            response: HttpResponse = view(request, **arguments)
        except Exception as failure:  # noqa: BLE001 — the last door: nothing leaves as a traceback
            response = answer_failure(request, failure)
        if response.status_code == 405:
            allowed = {word.strip() for word in response.headers["Allow"].split(",")}
            said = ", ".join(sorted(allowed | ({"HEAD"} if "GET" in allowed else set())))
            text = f"{request.method} does nothing here: there are {said}"
            response = answer_problem(Problem("no-such-method", text, headers={"Allow": said}))
        if is_head:
            request.method = "HEAD"
            length = response.headers.get("Content-Length", "0")
            response.content = b""
            response.headers["Content-Length"] = length
        return response

    return answer
