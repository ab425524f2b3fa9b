"""What shells and make read: one script, a folder of scripts, a Makefile; all call one script of yours a service."""

from larry.exports.shell import makefile, run_parts, script

__all__ = ["makefile", "run_parts", "script"]
