"""What those who watch read: checks, rules and jobs for what auditors audit, from the auditors' nodes."""

from larry.exports.watch import nagios, prometheus

__all__ = ["nagios", "prometheus"]
