"""What those who watch read: checks, rules and jobs for what auditors audit, from the auditors' nodes."""

from larry.exports.watch import borgmatic, logrotate, nagios, nftables, prometheus

__all__ = ["borgmatic", "logrotate", "nagios", "nftables", "prometheus"]
