"""What Puppet reads: a node classifier's answer, a manifest and Hiera's data, printed from the same declarations."""

from larry.exports.puppet import enc, hiera, manifest

__all__ = ["enc", "hiera", "manifest"]
