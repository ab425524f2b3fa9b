"""The examples of the guide do what they say."""

from __future__ import annotations

import re
from typing import Any

import pytest

from larry.client.remote import RemoteLarry
from tests.api.scene import lay
from tests.client.loopback import TOKEN
from tests.house.source import ROOT

PAGE = (ROOT / "docs/guide/client.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_examples_of_the_guide(
    served: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lay()
    monkeypatch.setenv("LARRY_TOKEN", TOKEN)
    with RemoteLarry(served, TOKEN) as larry:
        known: dict[str, Any] = {"larry": larry}
        for example in EXAMPLES:
            # The first names a server and a file that are nobody's here.
            runnable = example.replace(
                'RemoteLarry("https://larry.example.com", token_file="/etc/larry/token") as larry',
                f'RemoteLarry("{served}") as own',
            ).replace("larry.hosts.list(roles", "own.hosts.list(roles")
            exec(compile(runnable, "client.md", "exec"), known)  # noqa: S102 — our own page
    told = capsys.readouterr().out
    assert 'web1.example.com host: "web1.example.com"' in told or "web1.example.com" in told
    assert "2027-01-01T00:00:00Z" in told
    assert "/addresses/0" in told
    assert len(EXAMPLES) >= 5
