"""What Facter would say of a small Debian 12 host: so that a compilation asks neither this machine nor its network."""

from __future__ import annotations

from typing import Any


def debian_facts(certname: str) -> dict[str, Any]:
    """The facts that Debian's modules ask for. Facter itself takes ten seconds over all of their own facts."""
    hostname, _, domain = certname.partition(".")
    release = {"full": "12.11", "major": "12", "minor": "11"}
    return {
        "architecture": "amd64",
        "clientcert": certname,
        "clientversion": "7.23.0",
        "domain": domain,
        "fqdn": certname,
        "hardwaremodel": "x86_64",
        "hostname": hostname,
        "ipaddress": "192.0.2.11",
        "is_pe": False,
        "kernel": "Linux",
        "kernelversion": "6.1.0",
        "lsbdistcodename": "bookworm",
        "lsbdistid": "Debian",
        "memory": {"system": {"total": "4.00 GiB", "total_bytes": 4 * 2**30}},
        "memorysize": "4.00 GiB",
        "memorysize_mb": 4096.5,
        "networking": {"domain": domain, "fqdn": certname, "hostname": hostname, "ip": "192.0.2.11"},
        "operatingsystem": "Debian",
        "operatingsystemmajrelease": "12",
        "operatingsystemrelease": "12.11",
        "os": {
            "architecture": "amd64",
            "distro": {"codename": "bookworm", "id": "Debian", "release": release},
            "family": "Debian",
            "hardware": "x86_64",
            "name": "Debian",
            "release": release,
        },
        "osfamily": "Debian",
        "path": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "facterversion": "4.3.0",
        "puppetversion": "7.23.0",
        "processorcount": 2,
        "processors": {"count": 2},
        "root_home": "/root",
        "service_provider": "systemd",
        "systemd": True,
    }
