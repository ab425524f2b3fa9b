"""What those who watch read: checks, rules and jobs for what auditors audit, from the auditors' nodes."""

from larry.exports.watch import prometheus

__all__ = ["prometheus"]
