"""What Ansible reads: a host's variables, the inventory of all hosts, and a playbook in the order of the services."""

from larry.exports.ansible import inventory, playbook

__all__ = ["inventory", "playbook"]
