"""All tables in one place, where Django looks for them; each is written in the file of its noun."""

from __future__ import annotations

from larry.records.activity import Activity
from larry.records.app import App
from larry.records.customer import Customer
from larry.records.deployable import Deployable, FormerDigest
from larry.records.deployment import DeployedService, Deployment, DeploymentVersion
from larry.records.edge import Edge, EdgeVersion
from larry.records.estate import Estate
from larry.records.former_key import FormerKey
from larry.records.grade import Grade
from larry.records.grant import Grant, Group, Membership
from larry.records.host import Host
from larry.records.instance import Instance, Requirement
from larry.records.kept_answer import KeptAnswer
from larry.records.node import NodeDocument, NodePart, NodeSegment
from larry.records.pool import Pool
from larry.records.role import Role
from larry.records.rollout import Rollout
from larry.records.secret import Secret
from larry.records.service import Parameter, Service
from larry.records.token import Disclosure, Token
from larry.records.user import SignInAttempt, User
from larry.records.webhook import Delivery, Event, Watermark, Webhook

__all__ = [
    "Activity",
    "App",
    "Customer",
    "Delivery",
    "Deployable",
    "DeployedService",
    "Deployment",
    "DeploymentVersion",
    "Disclosure",
    "Edge",
    "EdgeVersion",
    "Estate",
    "Event",
    "FormerDigest",
    "FormerKey",
    "Grade",
    "Grant",
    "Group",
    "Host",
    "Instance",
    "KeptAnswer",
    "Membership",
    "NodeDocument",
    "NodePart",
    "NodeSegment",
    "Parameter",
    "Pool",
    "Requirement",
    "Role",
    "Rollout",
    "Secret",
    "Service",
    "SignInAttempt",
    "Token",
    "User",
    "Watermark",
    "Webhook",
]
