"""The core against oracles: what the specification says, computed naively, beside what Larry computes."""
