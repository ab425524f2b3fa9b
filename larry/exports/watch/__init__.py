"""What those who watch read: checks, rules and jobs for what auditors audit, from the auditors' nodes."""

from larry.exports.watch import nagios, nftables, prometheus

__all__ = ["nagios", "nftables", "prometheus"]
