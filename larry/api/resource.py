"""The resources: importing this registers every operation, those of longer addresses first."""

from __future__ import annotations

from types import ModuleType

from larry.api import deployment, estate, instance, people, picture, report, rollout, token, webhook
from larry.api.noun import expose_nouns
from larry.api.noun_write import expose_noun_writes
from larry.api.operation import API
from larry.api.operation import OPERATIONS as KNOWN

RESOURCES: tuple[ModuleType, ...] = (deployment, instance, report, rollout, estate, people, picture, webhook, token)

expose_nouns()
expose_noun_writes()

REGISTERED_API = API
REGISTERED = KNOWN
