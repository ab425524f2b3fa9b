"""What Puppet reads: a node classifier's answer and a manifest, both printed from the same declarations."""

from larry.exports.puppet import enc, manifest

__all__ = ["enc", "manifest"]
