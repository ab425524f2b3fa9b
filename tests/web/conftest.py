"""A client that has signed in: what most tests of pages need."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.web.visitor import sign_in_as


@pytest.fixture
def client(db: None) -> Client:
    """Somebody who may see everything; a `Client()` of one's own is a stranger."""
    return sign_in_as("tess")
