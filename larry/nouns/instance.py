"""An Instance is one configuration of an App: production, staging, continuous integration."""

from __future__ import annotations

from larry.nouns.field import Field, Kind, Noun, name_fields

INSTANCE = Noun(
    name="instance",
    plural="instances",
    description="One configuration of an App (production, staging, CI); requires Services.",
    parent="app",
    fields=(
        *name_fields("instance"),
        Field("parameters", Kind.VALUES, "Parameters of the instance.", default={}, sensitive=True),
        Field("copies", Kind.INTEGER, "How many copies are wanted, each on a host of its own.", default=1, least=0),
        Field("requires", Kind.REFERENCES, "The services that the instance requires.", default=[], target="service"),
        Field("demand", Kind.NUMBER_MAP, "The capacity that one copy takes.", default={}),
        Field(
            "template",
            Kind.REFERENCE,
            "The instance whose parameters stand under this one's, by path: customer/app/instance.",
            target="instance",
        ),
    ),
    scope=("instance", "app", "customer"),
    sorts=("name", "key", "copies"),
    filters=("customer", "app", "requires", "template"),
)
