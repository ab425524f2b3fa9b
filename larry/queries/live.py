"""What is live at a moment, as statements that read many deployments ask for it."""

from __future__ import annotations

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import DateTimeField, F, Func, Q, QuerySet, Value
from django.db.models.lookups import LessThanOrEqual
from django.db.models.sql.compiler import SQLCompiler

from larry.queries.moment import Moment
from larry.queries.reader import Reader, restrict
from larry.records.deployment import Deployment


class Unranged(Func):
    """A column that no index is looked through by: most deployments have begun, and few of those have not ended, so
    SQLite, which knows neither, is led to another index, or to read the table in its order. PostgreSQL counts."""

    output_field = DateTimeField()
    arity = 1
    template = "%(expressions)s"

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="+%(expressions)s", **context)


def list_live(reader: Reader, at: Moment) -> QuerySet[Deployment]:
    """The deployments that are live: begun, not ended, not deactivated. No SQL."""
    has_begun: LessThanOrEqual[Any] = LessThanOrEqual(Unranged(F("start")), Value(at.as_of, DateTimeField()))
    is_live = Q(has_begun) & (Q(end=None) | Q(end__gt=at.as_of))
    return restrict(reader, Deployment.objects.filter(is_live, deactivated_at=None))
