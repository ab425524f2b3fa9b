"""Benchmarks: ratios in one run against a yardstick that is run beside; they never fail a build."""
