"""What those who watch read: checks, rules and jobs for what auditors audit, from the auditors' nodes."""

from larry.exports.watch import borgmatic, icinga, logrotate, nagios, nftables, prometheus

__all__ = ["borgmatic", "icinga", "logrotate", "nagios", "nftables", "prometheus"]
