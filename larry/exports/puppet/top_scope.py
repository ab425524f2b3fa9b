"""The variables that both of Puppet's dialects set for a node, for manifests and for Hiera's paths."""

from __future__ import annotations

from larry.core.document import Json
from larry.core.node_text import DatedNode
from larry.exports.puppet.declared import list_subjects


def list_variables(dated: DatedNode) -> dict[str, Json]:
    """Name to value. Customers, apps and instances are lists of paths of keys, fit for Hiera's ``mapped_paths``."""
    node, facts = dated.node, dated.node.facts
    return {
        "larry_host": facts.name,
        "larry_digest": dated.digest,
        "larry_customers": sorted({each.customer for each in node.instances}),
        "larry_apps": sorted({f"{each.customer}/{each.app}" for each in node.instances}),
        "larry_instances": sorted({each.path for each in node.instances}),
        "larry_addresses": facts.addresses,
        "larry_labels": facts.labels,
        "larry_data": facts.data,
        "larry_audits": {entry.key: list_subjects(entry) for entry in node.services if entry.audits},
        "larry_needs_elsewhere": {
            entry.key: [
                {"service": place.service, "host": place.host, "addresses": place.addresses}
                for place in entry.needs_elsewhere
            ]
            for entry in node.services
            if entry.needs_elsewhere
        },
    }
