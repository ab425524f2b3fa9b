"""`python -m tests.house [RULE …]` names every fault of the house and tells how long its modules are."""

from __future__ import annotations

import sys

from tests.house import conduct, paper, shape
from tests.house.source import ROOT


def main(asked: list[str]) -> int:
    """0 when no rule (of those asked for) is broken, 1 when one is, 2 when there is no such rule."""
    rules = {rule.name: rule for rule in (*shape.RULES, *conduct.RULES, *paper.RULES)}
    if unknown := [name for name in asked if name not in rules]:
        print(f"no such rule: {', '.join(unknown)}. The rules are: {', '.join(rules)}")
        return 2
    broken = 0
    for rule in (rules[name] for name in asked or rules):
        for fault in rule.find(ROOT):
            broken += 1
            print(f"{rule.name}: {fault} ({rule.why})")
    if not asked:
        print(*shape.list_sizes(ROOT), sep="\n")
    print(f"{len(asked or rules)} rules of the house, {broken} faults")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
