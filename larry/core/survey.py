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
from functools import cached_property
from typing import NamedTuple

from larry.core.deployable import freeze_service, is_idle, service_document
from larry.core.document import Json, canonical_text
from larry.core.parameters import Declaration, Layer, Merge, Resolved, settle_layers
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
    its parameters are then. One that says the same whatever the layers say has nothing ``declared``.
    """

    declared: Mapping[str, Declaration]
    head: str
    tail: str
    whole: str
    defaults: Mapping[str, Json]


@dataclass(frozen=True)
class _Outline:
    """What instances with the same requirements share. ``readers``: by parameter, the places of who reads it."""

    requires: str
    services: tuple[_Written, ...]
    texts: tuple[str, ...]
    readers: Mapping[str, Sequence[int]]

    @cached_property
    def bare(self) -> bytes:
        """What follows them where nobody sets anything that is read."""
        return self.finish(self.texts)

    def finish(self, texts: Iterable[str]) -> bytes:
        """What follows the parameters of an instance in its text."""
        return f',"requires":{self.requires}}},"services":[{",".join(texts)}]}}'.encode()


class _Said(NamedTuple):
    """What some layers say: ``last`` what is set last of each parameter, the texts of what each level sets, and as
    ``own`` values of an instance's level among them."""

    layers: tuple[Layer, ...]
    last: Mapping[str, Json]
    of_app: str
    of_customer: str
    of_instance: str
    own: Mapping[str, Json]


class _Above(NamedTuple):
    """What instances say that have layers and requirements in common, but for what they set themselves: ``set_here`` is
    what is set for services, by place, ``texts`` are those services, and ``rest`` all that follows what an instance
    sets itself, if nobody reads that."""

    said: _Said
    outline: _Outline
    set_here: Mapping[int, Mapping[str, Json]]
    texts: Sequence[str]
    rest: bytes


class _Ground(NamedTuple):
    """What instances of one app say that have the layers above them and their requirements in common: ``first`` is all
    that comes before their own keys."""

    above: _Above
    first: str

    def digest(self, key: str, own: Layer | None) -> str:
        """The digest of one of them, which sets its ``own`` values or has no layer of its own."""
        said, outline, set_here, texts, rest = self.above
        mine = said.of_instance
        if own is not None:
            values = own.values
            mine = canonical_text({**said.own, **values} if said.own else values)
            if not outline.readers.keys().isdisjoint(values):
                rest = outline.finish(_write_services(values, (*said.layers, own), outline, texts, set_here))
        first = f'{self.first}{_quote(key)},"parameters":{mine}'
        return hashlib.sha256(first.encode() + rest).hexdigest()


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
        self._alike: dict[str, _Written] = {}
        self._texts: dict[int, tuple[Mapping[str, Json], str]] = {}
        self._said: dict[tuple[int, ...], _Said] = {}
        self._above: dict[tuple[int, ...], _Above] = {}

    def digest(self, keys: tuple[str, str, str], layers: Sequence[Layer], requires: Iterable[str]) -> str:
        """The digest of the snapshot that `describe` would take of the same. Raises `CircleInServices`."""
        customer, app, instance = keys
        has_own = bool(layers) and layers[-1].level == _OWN
        ground = self.look_under((customer, app), layers[:-1] if has_own else layers, requires)
        return ground.digest(instance, layers[-1] if has_own else None)

    def look_under(self, owners: tuple[str, str], above: Sequence[Layer], requires: Iterable[str]) -> _Ground:
        """What the instances of a customer's app have in common that have these layers above them and require the same:
        for whoever surveys one after the other. Raises `CircleInServices`."""
        found = self._look_above(above, self._outline(requires))
        customer, app = owners
        first = (
            f'{{"app":{{"key":{_quote(app)},"parameters":{found.said.of_app}}},'
            f'"customer":{{"key":{_quote(customer)},"parameters":{found.said.of_customer}}},"instance":{{"key":'
        )
        return _Ground(found, first)

    def renewed(self, services: Mapping[str, ServiceSpec], changed: AbstractSet[str] = frozenset()) -> Survey:
        """A survey of services that are others than those of this one only where they are ``changed``: how the others
        are written it knows already. Nothing else of what was surveyed is kept by it.
        """
        survey = Survey(services)
        survey._written, survey._alike = self._written.copy(), self._alike.copy()
        for place in [place for place in survey._written if place[0] in changed] if changed else ():
            del survey._written[place]
        for key in changed & survey._alike.keys():
            del survey._alike[key]
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
        alike = self._alike
        written = tuple([alike.get(key) or self._write_bare(key, closure) for key in order])
        readers: dict[str, list[int]] = {}
        for place, service in enumerate(written):
            for name in service.declared:
                if name in readers:
                    readers[name].append(place)
                else:
                    readers[name] = [place]
        return _Outline(canonical_text(required), written, tuple([service.whole for service in written]), readers)

    def _write_bare(self, key: str, closure: frozenset[str]) -> _Written:
        """A service with its defaults: alike in every closure, but that an auditor says what it audits there."""
        spec = self._graph[key]
        if not spec.audits:
            if key not in self._alike:
                self._alike[key] = _write_alone(spec, closure)
            return self._alike[key]
        audited = tuple(audit.service for audit in spec.audits if audit.service in closure)
        known = self._written.get((key, audited))
        if known is None:
            known = self._written[key, audited] = _write_alone(spec, closure)
        return known

    def _write_values(self, values: Sequence[Mapping[str, Json]]) -> str:
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
            said = self._said.get(same[1:])
            if said is None:
                if len(self._said) >= _KEPT_ABOVE:
                    self._said.clear()
                said = self._said[same[1:]] = self._listen(tuple(layers))
            known = self._above[same] = self._write_above(said, outline)
        return known

    def _listen(self, layers: tuple[Layer, ...]) -> _Said:
        of_level: dict[str, list[Mapping[str, Json]]] = {}
        last: dict[str, Json] = {}
        for layer in layers:
            of_level.setdefault(layer.level, []).append(layer.values)
            last.update(layer.values)
        of_app, of_customer, of_instance = (
            self._write_values(of_level.get(level, ())) for level in ("app", "customer", _OWN)
        )
        own = {name: value for values in of_level.get(_OWN, ()) for name, value in values.items()}
        return _Said(layers, last, of_app, of_customer, of_instance, own)

    def _write_above(self, said: _Said, outline: _Outline) -> _Above:
        """The services in start order, those anew that read what is set."""
        set_here = _set_places(said.last, said.layers, outline)
        if not set_here:
            return _Above(said, outline, set_here, outline.texts, outline.bare)
        texts = list(outline.texts)
        for place, values in set_here.items():
            texts[place] = self._write_anew(outline.services[place], values)
        return _Above(said, outline, set_here, texts, outline.finish(texts))

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
    for name in outline.readers.keys() & said.keys():
        for place in outline.readers[name]:
            declared = outline.services[place].declared[name]
            value = said[name] if declared.merge is Merge.REPLACE else settle_layers(name, declared, layers)
            found.setdefault(place, {})[name] = value
    return found


def _write_services(
    own: Mapping[str, Json], layers: Sequence[Layer], outline: _Outline, texts: Iterable[str],
    set_here: Mapping[int, Mapping[str, Json]],
) -> list[str]:  # fmt: skip
    """The services in start order, those anew that read what an instance sets itself."""
    anew = list(texts)
    for place, values in _set_places(own, layers, outline).items():
        above = set_here.get(place)
        anew[place] = _write_set(outline.services[place], {**above, **values} if above else values)
    return anew


def _write_alone(spec: ServiceSpec, closure: AbstractSet[str]) -> _Written:
    """A service in a closure, with its defaults."""
    defaults = {declared.name: declared.default for declared in spec.declarations if declared.has_default}
    frozen = freeze_service(spec, Resolved((), (), (), (), {spec.key: defaults}), closure)
    document = service_document(frozen)
    head = canonical_text({name: value for name, value in document.items() if name < "parameters"})[:-1]
    tail = canonical_text({name: value for name, value in document.items() if name > "parameters"})[1:]
    declarations = () if is_idle(spec, frozen.audits) else spec.declarations
    return _Written(
        {declared.name: declared for declared in declarations},
        head,
        tail,
        f'{head},"parameters":{canonical_text(frozen.parameters)},{tail}',
        frozen.parameters,
    )


def _write_set(written: _Written, values: Mapping[str, Json]) -> str:
    """A service with what is set for it."""
    return f'{written.head},"parameters":{canonical_text({**written.defaults, **values})},{written.tail}'


def _quote(key: str) -> str:
    """The canonical text of a key, which mostly needs nothing but quotes."""
    return f'"{key}"' if key.isascii() and key.isidentifier() else canonical_text(key)
