"""An Instance is one configuration of an App: production, staging, continuous integration."""

from __future__ import annotations

from larry.nouns.field import Field, FieldKind, Noun, name_fields

INSTANCE = Noun(
    name="instance",
    plural="instances",
    description="One configuration of an App (production, staging, CI); requires Services.",
    parent="app",
    fields=(
        *name_fields("instance"),
        Field("parameters", FieldKind.VALUES, "Parameters of the instance.", default={}, sensitive=True),
        Field("copies", FieldKind.INTEGER, "How many copies are wanted, each on its own host.", default=1, least=0),
        Field("requires", FieldKind.REFERENCES, "The services that it requires.", default=[], target="service"),
        Field("demand", FieldKind.NUMBER_MAP, "The capacity that one copy takes.", default={}),
        Field(
            "template",
            FieldKind.REFERENCE,
            "The instance whose parameters stand under this one's, by path: customer/app/instance.",
            target="instance",
        ),
    ),
    scope=("instance", "app", "customer"),
    sorts=("name", "key", "copies"),
    filters=("customer", "app", "requires", "template"),
)
