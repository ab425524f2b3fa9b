"""What every SVG picture of Larry's is made of: its frame, its style, text that stays in its place, marks and a legend.

There is no script, no style attribute, and no reference to anything outside. A page with a strict policy inlines a
picture without its style, and carries `picture_style` in a stylesheet of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from larry.core.picture import KIND_SIGNS, MARKS, PAPER, BoxKind, Condition, escape_xml, fit_text

MARGIN = 16
LEGEND_LINE = 22
_LEGEND_TEXT = 11
_PER_LETTER = 0.62
_BOLD = frozenset({"lp-title", "lp-name", "lp-on-flag"})
_BOLDER = 1.13

_RULES = """\
.larry-picture{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;font-size:12px;\
font-variant-numeric:tabular-nums}
.larry-picture text{fill:var(--lp-text);unicode-bidi:isolate}
.larry-picture .lp-paper{fill:var(--lp-paper)}
.larry-picture .lp-title{font-size:16px;font-weight:600}
.larry-picture .lp-name{font-size:13px;font-weight:600}
.larry-picture .lp-small{font-size:11px}
.larry-picture .lp-end{text-anchor:end}
.larry-picture .lp-middle{text-anchor:middle}
.larry-picture .lp-muted{fill:var(--lp-muted)}
.larry-picture .lp-plain{--lp-fill:var(--lp-panel);--lp-strong:var(--lp-edge);--lp-ink:var(--lp-text)}
.larry-picture .lp-shape{fill:var(--lp-fill)}
.larry-picture :is(.lp-shape,.lp-over){stroke:var(--lp-strong);stroke-width:1.2}
.larry-picture .lp-ink{fill:var(--lp-ink)}
.larry-picture .lp-sign{fill:none;stroke:var(--lp-strong);stroke-width:1.6;stroke-linecap:round;stroke-linejoin:round}
.larry-picture .lp-kind{fill:none;stroke:var(--lp-muted);stroke-width:1.2;stroke-linejoin:round}
.larry-picture .lp-tile{fill:none;stroke:var(--lp-line);stroke-width:1.6}
.larry-picture .lp-bare{fill:none;stroke:none}
.larry-picture .lp-rule{stroke:var(--lp-grid);stroke-width:1}
.larry-picture .lp-focus :is(.lp-shape,.lp-over){stroke:var(--lp-accent);stroke-width:2.4}
.larry-picture a{cursor:pointer;outline:none}
.larry-picture a:hover :is(.lp-shape,.lp-over){stroke-width:2.2}
.larry-picture a:focus-visible :is(.lp-shape,.lp-over){stroke:var(--lp-focus);stroke-width:3.2}
.larry-picture a:focus-visible .lp-underlined,.larry-picture a:hover .lp-underlined{text-decoration:underline}
.larry-picture .lp-bond{fill:none;stroke:var(--lp-edge);stroke-width:1.4}
.larry-picture .lp-head{fill:var(--lp-edge);stroke:var(--lp-edge);stroke-width:1.2;stroke-linejoin:round}
.larry-picture .lp-head.lp-audits,.larry-picture .lp-head.lp-runs-on{fill:var(--lp-paper)}
.larry-picture .lp-head.lp-starts-after{fill:none}
.larry-picture .lp-audits{stroke:var(--lp-accent)}
.larry-picture .lp-bond.lp-audits{stroke-dasharray:7 4}
.larry-picture .lp-bond.lp-requires{stroke-width:2.6}
.larry-picture .lp-bond.lp-starts-after{stroke-dasharray:2 3}
.larry-picture .lp-bond.lp-runs-on{stroke-width:2;stroke-linecap:round;stroke-dasharray:.1 5}
.larry-picture .lp-now{stroke:var(--lp-text);stroke-width:2;stroke-opacity:.55}
.larry-picture .lp-flag{fill:var(--lp-text)}
.larry-picture .lp-on-flag{fill:var(--lp-paper);font-weight:600}
.larry-picture .lp-boundary{fill:var(--lp-muted)}
.larry-picture .lp-beyond{stroke-dasharray:3 3}
"""

_TOKENS = ("fill", "line", "strong", "ink")

_IS_NAME = re.compile(r"[a-z][a-z0-9-]{0,99}")


class NotAnIdentifier(ValueError):
    """The name of a picture begins the ids in it, so that several fit into one page."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What a picture is put into. ``name`` begins every id; ``standalone`` brings style and heading along;
    ``is_linked``: there are links inside.
    """

    title: str
    about: str
    name: str = "larry"
    standalone: bool = True
    is_linked: bool = False

    @property
    def heading(self) -> int:
        """The height that the heading takes; a page that inlines the picture has one of its own."""
        return 64 if self.standalone else MARGIN

    def wrap(self, parts: Iterable[str], width: int, height: int) -> str:
        """The whole picture. An image hides what is inside from screen readers, so that one with links is a group."""
        if not _IS_NAME.fullmatch(self.name):
            raise NotAnIdentifier(f"{self.name!r} is no name of a picture: write lower-case letters, digits and dashes")
        title, about, role = escape_xml(self.title), escape_xml(self.about), "group" if self.is_linked else "img"
        opening = (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="larry-picture" role="{role}" width="{width}" '
            f'height="{height}" viewBox="0 0 {width} {height}" aria-labelledby="{self.name}-title" '
            f'aria-describedby="{self.name}-about">'
        )
        lines = [
            opening,
            f'<title id="{self.name}-title">{title}</title>',
            f'<desc id="{self.name}-about">{about}</desc>',
        ]
        if self.standalone:
            lines.append(f"<style>{picture_style()}</style>")
        lines.append(f'<rect class="lp-paper" width="{width}" height="{height}"/>')
        if self.standalone:
            lines.append(put_text(MARGIN, 30, width - 2 * MARGIN, 16, self.title, "lp-title"))
            lines.append(put_text(MARGIN, 49, width - 2 * MARGIN, 12, self.about, "lp-muted"))
        return "\n".join([*lines, *parts, "</svg>", ""])


def picture_style() -> str:
    """The one style of all pictures, light and, where the reader's screen is dark, dark. It says only what is in a
    picture, so that a page may carry it.
    """
    return (
        f".larry-picture{{color-scheme:light dark;{_paper(0)}}}\n{_RULES}{_conditions(0)}"
        f"@media screen and (prefers-color-scheme:dark){{\n.larry-picture{{{_paper(1)}}}\n{_conditions(1)}}}\n"
    )


def page_style() -> str:
    """The same style for a page with a switch between light and dark: its ``color-scheme`` decides. The tokens stand at
    the root, and each condition's class gives its tokens to anything on the page, so that all of it has one look.
    """
    paper = ";".join(f"--lp-{name}:light-dark({','.join(colours)})" for name, colours in PAPER.items())
    conditions = "".join(
        f".larry-picture .lp-{condition},.lp-{condition}{{"
        + ";".join(f"--lp-{name}:light-dark({','.join(getattr(mark, name))})" for name in _TOKENS)
        + "}\n"
        for condition, mark in MARKS.items()
    )
    return f":root{{{paper}}}\n{_RULES}{conditions}"


def _paper(scheme: int) -> str:
    return ";".join(f"--lp-{name}:{colours[scheme]}" for name, colours in PAPER.items())


def _conditions(scheme: int) -> str:
    return "".join(
        f".larry-picture .lp-{condition}{{--lp-fill:{mark.fill[scheme]};--lp-line:{mark.line[scheme]};"
        f"--lp-strong:{mark.strong[scheme]};--lp-ink:{mark.ink[scheme]}}}\n"
        for condition, mark in MARKS.items()
    )


def put_text(x: float, y: float, width: float, size: float, text: str, look: str = "") -> str:
    """One line of text with its baseline at ``y``, which never leaves its place: cut by estimate, then clipped."""
    fitting = fit_text(text, width, size * _BOLDER if _BOLD.intersection(look.split()) else size)
    if not fitting or width <= 0:
        return ""
    top = round(y - size)
    at = round(width) if "lp-end" in look else round(width / 2) if "lp-middle" in look else 0
    where = f' x="{at}"' if at else ""
    classes = f' class="{look}"' if look else ""
    return (
        f'<svg x="{round(x)}" y="{top}" width="{round(width)}" height="{round(size * 1.5)}" aria-hidden="true">'
        f'<text{where} y="{round(y) - top}"{classes}>{escape_xml(fitting)}</text></svg>'
    )


def put_sign(condition: Condition, x: float, y: float) -> str:
    """The sign of a condition in a square of 12."""
    at = f"translate({round(x)} {round(y)})"
    return f'<path class="lp-sign lp-{condition}" transform="{at}" d="{MARKS[condition].sign}"/>'


def put_kind(kind: BoxKind, x: float, y: float) -> str:
    """The sign of a kind in a square of 12."""
    return f'<path class="lp-kind" transform="translate({round(x)} {round(y)})" d="{KIND_SIGNS[kind]}"/>'


def put_patterns(conditions: Iterable[Condition], name: str) -> str:
    """The patterns of some conditions, as ``url(#NAME-CONDITION)``."""
    patterns = "".join(
        f'<pattern id="{name}-{condition}" class="lp-{condition}" width="8" height="8" patternUnits="userSpaceOnUse">'
        f'<path class="lp-tile" d="{MARKS[condition].pattern}"/></pattern>'
        for condition in Condition
        if condition in set(conditions) and MARKS[condition].pattern
    )
    return f"<defs>{patterns}</defs>" if patterns else ""


def put_shape(path: str, condition: Condition | None, name: str) -> str:
    """A closed path in the colour and the pattern of a condition."""
    if condition is None or not MARKS[condition].pattern:
        return f'<path class="lp-shape" d="{path}"/>'
    return f'<path class="lp-shape" d="{path}"/><path class="lp-over" fill="url(#{name}-{condition})" d="{path}"/>'


def link_or_group(href: str | None, look: str, title: str, about: str, inside: str, more: str = "") -> str:
    """A part of a picture with its title and description: a link where there is somewhere to go, else an image."""
    told = f"<title>{escape_xml(title)}</title>" + (f"<desc>{escape_xml(about)}</desc>" if about else "")
    if href is None:
        return f'<g class="{look}" role="img"{more}>{told}{inside}</g>'
    return f'<a href="{escape_xml(href)}" class="{look}"{more}>{told}{inside}</a>'


def list_marks(conditions: Iterable[Condition], name: str) -> list[tuple[str, str]]:
    """The entries of a legend for the conditions that a picture shows: a swatch with its sign, and the word."""
    had = set(conditions)
    box = "M0 -6H34V8H0Z"
    return [
        (
            f'<g class="lp-plain lp-{condition}">{put_shape(box, condition, name)}{put_sign(condition, 11, -5)}</g>',
            f"{condition}: {MARKS[condition].says}",
        )
        for condition in reversed(Condition)
        if condition in had
    ]


def put_legend(entries: Sequence[tuple[str, str]], y: float, width: float) -> tuple[list[str], int]:
    """The legend, wrapped to a width, and the height it takes. A swatch is drawn from (0, 0), 34 wide, 14 high."""
    parts: list[str] = []
    x, line = float(MARGIN), 0
    for swatch, text in entries:
        wide = 42 + len(text) * _LEGEND_TEXT * _PER_LETTER + 18
        if x > MARGIN and x + wide > width - MARGIN:
            x, line = float(MARGIN), line + 1
        top = y + line * LEGEND_LINE + 12
        parts.append(f'<g transform="translate({round(x)} {round(top)})">{swatch}</g>')
        parts.append(put_text(x + 42, top + 5, min(wide, width - MARGIN - x) - 42, _LEGEND_TEXT, text, "lp-small"))
        x += wide
    return parts, (line + 1) * LEGEND_LINE + MARGIN if entries else MARGIN
