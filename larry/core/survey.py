"""A survey: the digests that describing each of many instances would come to, from parts that they share.

To describe an instance is to walk its closure and to write all of it down. Instances that require the same have the
same closure, and most of its services say the same in all of them: only those differ that read what an instance's
layers set. So a closure is walked and written once for each set of requirements, and what the layers above set is
written once for those who have the same above them; of each instance those few are written anew that read what it sets
itself, and the whole is digested. Nothing is told that describing would not tell.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from larry.core.deployable import freeze_service, is_idle, service_document
from larry.core.document import Json, canonical_text
from larry.core.parameters import Declaration, Layer, Merge, resolve, settle_layers
from larry.core.service_graph import ServiceSpec, graph_of

_KEPT = 10_000
"""As many texts are kept of what is set: of owners that follow one another few are asked for again later."""


_KEPT_ABOVE = 100
"""Of as many layers in common with a closure the texts are kept: those who have them follow one another."""

_OWN = "instance"
"""The level of what an instance sets itself."""


@dataclass(frozen=True, slots=True)
class _Written:
    """A service where no layer says anything: text before and after its parameters and the ``whole``, ``defaults`` that
    its parameters are then. One that says the same whatever the layers say has no ``declarations``.
    """

    declarations: tuple[Declaration, ...]
    head: str
    tail: str
    whole: str
    defaults: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class _Outline:
    """What instances with the same requirements share. ``readers``: by parameter, the places of who reads it."""

    requires: str
    services: tuple[_Written, ...]
    texts: tuple[str, ...]
    readers: Mapping[str, tuple[tuple[int, Declaration], ...]]


@dataclass(frozen=True, slots=True)
class _Above:
    """What instances say that have layers and requirements in common, but for what they set themselves: ``own`` are
    values of their level among those layers, ``set_here`` what is set for services, by place."""

    layers: tuple[Layer, ...]
    outline: _Outline
    of_app: str
    of_customer: str
    own: tuple[Mapping[str, Json], ...]
    set_here: Mapping[int, Mapping[str, Json]]
    texts: list[str]
    joined: str


class Sway(Enum):
    """Which of those that require the same are described as something else by a change of services: none; those whose
    layers leave it to the services; or all, whatever their layers say."""

    NONE = "none"
    SOME = "some"
    ALL = "all"


class Survey:
    """Surveys instances in one service graph: O(closure) once for each set of requirements, and for each instance
    O(parameters it sets) and the digest of its text; what is set above it once for those who follow one another.
    """

    def __init__(self, services: Mapping[str, ServiceSpec]) -> None:
        self._graph = graph_of(services)
        self._outlines: dict[tuple[str, ...], _Outline] = {}
        self._anew: dict[tuple[object, ...], tuple[Mapping[str, Json], str]] = {}
        self._written: dict[tuple[str, tuple[str, ...]], _Written] = {}
        self._texts: dict[int, tuple[Mapping[str, Json], str]] = {}
        self._above: dict[tuple[int, ...], _Above] = {}

    def digest(self, keys: tuple[str, str, str], layers: Sequence[Layer], requires: Iterable[str]) -> str:
        """The digest of the snapshot that `describe` would take of the same. Raises `CircleInServices`."""
        outline = self._outline(requires)
        return hashlib.sha256(self._write(keys, layers, outline).encode()).hexdigest()

    def renewed(self, services: Mapping[str, ServiceSpec], changed: AbstractSet[str] = frozenset()) -> Survey:
        """A survey of services that are others than those of this one only where they are ``changed``: how the others
        are written it knows already. Nothing else of what was surveyed is kept by it.
        """
        survey = Survey(services)
        survey._written = self._written.copy()
        for place in [place for place in survey._written if place[0] in changed] if changed else ():
            del survey._written[place]
        return survey

    def compare(self, other: Survey, requires: tuple[str, ...], changed: AbstractSet[str]) -> Sway:
        """What becomes of whatever requires these in another survey, for which some services have changed; ``requires``
        in order. O(closure). Raises `CircleInServices`."""
        order = self._graph.outline(requires)
        if order != other._graph.outline(requires):
            return Sway.ALL
        closure = frozenset(order)
        pairs = [(self._write_bare(key, closure), other._write_bare(key, closure)) for key in changed & closure]
        if any((here.head, here.tail) != (there.head, there.tail) for here, there in pairs):
            return Sway.ALL
        return Sway.NONE if all(here == there for here, there in pairs) else Sway.SOME

    def _outline(self, requires: Iterable[str]) -> _Outline:
        known = self._outlines.get(requires) if isinstance(requires, tuple) else None
        if known is not None:
            return known
        required = tuple(sorted(set(requires)))
        known = self._outlines.get(required)
        if known is None:
            known = self._outlines[required] = self._draw(required)
        return known

    def _draw(self, required: tuple[str, ...]) -> _Outline:
        """What is said where no layer says anything."""
        order = self._graph.outline(required)
        closure = frozenset(order)
        written = tuple(self._write_bare(key, closure) for key in order)
        readers: dict[str, list[tuple[int, Declaration]]] = {}
        for place, service in enumerate(written):
            for declared in service.declarations:
                readers.setdefault(declared.name, []).append((place, declared))
        return _Outline(
            canonical_text(required),
            written,
            tuple(service.whole for service in written),
            MappingProxyType({name: tuple(of_name) for name, of_name in readers.items()}),
        )

    def _write_bare(self, key: str, closure: frozenset[str]) -> _Written:
        """A service with its defaults: alike in every closure, but that an auditor says what it audits there."""
        spec = self._graph[key]
        audited = tuple(audit.service for audit in spec.audits if audit.service in closure)
        known = self._written.get((key, audited))
        if known is None:
            resolved = resolve((), {key: spec.declarations})
            frozen = freeze_service(spec, resolved, closure)
            document = service_document(frozen)
            head = canonical_text({name: value for name, value in document.items() if name < "parameters"})[:-1]
            tail = canonical_text({name: value for name, value in document.items() if name > "parameters"})[1:]
            known = self._written[key, audited] = _Written(
                () if is_idle(spec, frozen.audits) else spec.declarations,
                head,
                tail,
                f'{head},"parameters":{canonical_text(frozen.parameters)},{tail}',
                frozen.parameters,
            )
        return known

    def _write(self, keys: tuple[str, str, str], layers: Sequence[Layer], outline: _Outline) -> str:
        has_own = bool(layers) and layers[-1].level == _OWN
        above = self._look_above(layers[:-1] if has_own else layers, outline)
        mine, services = above.own, above.joined
        if has_own:
            values = layers[-1].values
            mine = (*mine, values)
            if not outline.readers.keys().isdisjoint(values):
                services = ",".join(self._write_services(values, layers, above, outline))
        customer, app, instance = map(_quote, keys)
        return (
            f'{{"app":{{"key":{app},"parameters":{above.of_app}}},'
            f'"customer":{{"key":{customer},"parameters":{above.of_customer}}},'
            f'"instance":{{"key":{instance},"parameters":{self._own(mine)},"requires":{outline.requires}}},'
            f'"services":[{services}]}}'
        )

    def _own(self, values: Sequence[Mapping[str, Json]]) -> str:
        if len(values) != 1:
            return canonical_text({name: value for each in values for name, value in each.items()})
        known = self._texts.get(id(values[0]))
        if known is None:  # kept with what it is the text of, so that nothing else gets its id
            if len(self._texts) >= _KEPT:
                self._texts.clear()
            known = self._texts[id(values[0])] = values[0], canonical_text(values[0])
        return known[1]

    def _look_above(self, layers: Sequence[Layer], outline: _Outline) -> _Above:
        same = (id(outline), *map(id, layers))
        known = self._above.get(same)
        if known is None:  # kept with the layers, so that nothing else gets their ids
            if len(self._above) >= _KEPT_ABOVE:
                self._above.clear()
            known = self._above[same] = self._write_above(tuple(layers), outline)
        return known

    def _write_above(self, layers: tuple[Layer, ...], outline: _Outline) -> _Above:
        """The services in start order, those anew that read what is set."""
        of_level: dict[str, list[Mapping[str, Json]]] = {}
        said: dict[str, Json] = {}
        for layer in layers:
            of_level.setdefault(layer.level, []).append(layer.values)
            said.update(layer.values)
        set_here = _set_places(said, layers, outline)
        texts = list(outline.texts)
        for place, values in set_here.items():
            texts[place] = self._write_anew(outline.services[place], values)
        of_app, of_customer = (self._own(of_level.get(level, ())) for level in ("app", "customer"))
        own = tuple(of_level.get(_OWN, ()))
        return _Above(layers, outline, of_app, of_customer, own, set_here, texts, ",".join(texts))

    def _write_services(
        self, own: Mapping[str, Json], layers: Sequence[Layer], above: _Above, outline: _Outline
    ) -> list[str]:
        """The services in start order, those anew that read what an instance sets itself."""
        texts = above.texts.copy()
        for place, values in _set_places(own, layers, outline).items():
            both = {**above.set_here.get(place, {}), **values}
            texts[place] = _write_set(outline.services[place], both)
        return texts

    def _write_anew(self, written: _Written, values: Mapping[str, Json]) -> str:
        """The same, kept: the apps of one customer mostly have the same set for them."""
        same = (id(written), *((name, id(value)) for name, value in values.items()))
        known = self._anew.get(same)
        if known is None:  # kept with the values, so that nothing else gets their ids
            if len(self._anew) >= _KEPT:
                self._anew.clear()
            known = self._anew[same] = values, _write_set(written, values)
        return known[1]


def _set_places(said: Mapping[str, Json], layers: Sequence[Layer], outline: _Outline) -> dict[int, dict[str, Json]]:
    """By the places of services what they read of what is ``said`` last."""
    found: dict[int, dict[str, Json]] = {}
    for name, last in said.items():
        for place, declared in outline.readers.get(name, ()):
            value = last if declared.merge is Merge.REPLACE else settle_layers(name, declared, layers)
            found.setdefault(place, {})[name] = value
    return found


def _write_set(written: _Written, values: Mapping[str, Json]) -> str:
    """A service with what is set for it."""
    return f'{written.head},"parameters":{canonical_text({**written.defaults, **values})},{written.tail}'


def _quote(key: str) -> str:
    """The canonical text of a key, which mostly needs nothing but quotes."""
    return f'"{key}"' if key.isascii() and key.isidentifier() else canonical_text(key)
