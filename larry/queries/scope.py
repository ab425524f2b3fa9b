"""What grants, tokens and webhooks are about: a customer, an app, a pool, or everything."""

from __future__ import annotations

from typing import TypeAlias

from larry.core.rights import ScopeKind
from larry.records.grant import Grant
from larry.records.token import Token
from larry.records.webhook import Webhook

ScopedRow: TypeAlias = Grant | Token | Webhook
"""A row with a customer, an app or a pool, or none of them."""


def scope_of(row: ScopedRow) -> tuple[ScopeKind, int]:
    """The kind and the id, 0 for everything. No SQL."""
    if row.customer_id is not None:
        return ScopeKind.CUSTOMER, row.customer_id
    if row.app_id is not None:
        return ScopeKind.APP, row.app_id
    if row.pool_id is not None:
        return ScopeKind.POOL, row.pool_id
    return ScopeKind.EVERYTHING, 0


def scope_address_of(row: ScopedRow) -> tuple[ScopeKind, str]:
    """The kind and the address, empty for everything. No SQL where customer, app (with its customer) and pool are at
    hand."""
    if row.customer is not None:
        return ScopeKind.CUSTOMER, row.customer.key
    if row.app is not None:
        return ScopeKind.APP, f"{row.app.customer.key}/{row.app.key}"
    if row.pool is not None:
        return ScopeKind.POOL, row.pool.key
    return ScopeKind.EVERYTHING, ""


def app_customer_of(row: ScopedRow) -> int:
    """The id of the customer whose app it is about, 0 where it is about none. No SQL where the app is at hand."""
    return row.app.customer_id if row.app is not None else 0
