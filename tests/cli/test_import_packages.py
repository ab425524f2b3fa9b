"""`larry import debian-packages`: an index of packages becomes services, Debian's own included."""

from __future__ import annotations

import gzip
import lzma
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from larry.nouns import yaml_text as reading
from tests.cli.terminal import WHY, Terminal
from tests.nouns.test_package_index import INDEX

LISTS = Path("/var/lib/apt/lists")
LARGEST = 8_500
HELPER = Path("/usr/lib/apt/apt-helper")


@pytest.fixture
def index(tmp_path: Path) -> Path:
    path = tmp_path / "Packages.xz"
    path.write_bytes(lzma.compress(INDEX.encode()))
    return path


def test_an_index_becomes_services_that_apply_takes(larry: Terminal, index: Path) -> None:
    said = larry.done("import", "debian-packages", str(index))
    assert said.out.startswith("larry: 1\nservices:\n")
    found = {service["key"]: service for service in yaml.safe_load(said.out)["services"]}
    assert found["webd"]["needs"] == ["base", "exam"]
    assert "larry: webd needs libz++1: left out, would close a circle\n" in said.err
    assert "larry: postd needs absent | also-absent: left out, no package answers\n" in said.err
    larry.done("apply", "-", *WHY, stdin=said.out)
    assert "no changes" in larry.done("plan", "-", stdin=said.out).out
    assert "base" in larry.done("graph", "webd").out
    index.write_bytes(gzip.compress(INDEX.encode()))
    assert larry.done("import", "debian-packages", str(index)).out == said.out
    assert larry.done("import", "debian-packages", "-", stdin=INDEX.replace("\r", "")).out == said.out


def test_only_some_and_into_a_folder(larry: Terminal, index: Path, tmp_path: Path) -> None:
    said = larry.done("import", "debian-packages", str(index), "--only", "postd")
    assert [service["name"] for service in yaml.safe_load(said.out)["services"]] == ["base", "postd"]
    folder = tmp_path / "estate"
    said = larry.done("import", "debian-packages", str(index), "--output", str(folder))
    assert (said.out, "7 services in 1 file in" in said.err) == ("", True)
    assert larry("plan", str(folder)).code == 3


def test_what_is_too_large_for_one_file_is_divided(
    larry: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LARGEST_FILE", LARGEST)
    index = tmp_path / "Packages"
    index.write_text("".join(f"Package: p{n}\nVersion: 1\nDescription: {'x' * 190}\n\n" for n in range(60)))
    folder = tmp_path / "estate"
    larry.done("import", "debian-packages", str(index), "--output", str(folder))
    files = sorted(folder.glob("services-*.yaml"))
    assert [file.name for file in files] == ["services-1.yaml", "services-2.yaml"]
    assert all(file.stat().st_size <= LARGEST for file in files)
    assert sum(file.read_text().count("\n- {") for file in files) == 60
    assert "write a folder with --output" in larry.done("import", "debian-packages", str(index)).err


def test_what_cannot_be_read_is_refused(larry: Terminal, index: Path, tmp_path: Path) -> None:
    assert "there is no file" in larry.misused("import", "debian-packages", str(tmp_path / "none"))
    assert "has no nothing" in larry.misused("import", "debian-packages", str(index), "--only", "nothing")
    assert "--check is for puppet-classes" in larry.misused("import", "debian-packages", str(index), "--check")
    assert "--output is for debian-packages" in larry.misused("import", "hosts", "-", "--output", "x")
    index.write_bytes(lzma.compress(INDEX.encode())[:-20])
    assert "is damaged" in larry.refused("import", "debian-packages", str(index))
    index.write_bytes(b"<html>404</html>\n")
    assert "is no index of packages: line 1 " in larry.refused("import", "debian-packages", str(index))


def find_real_index() -> Path:
    """The largest that apt keeps here. Under CI there is one: whoever installs tools there has asked apt first."""
    found = sorted(LISTS.glob("*_Packages*"), key=lambda path: path.stat().st_size)
    if found and HELPER.exists():
        return found[-1]
    reason = f"there is no index of packages in {LISTS} (apt-get update), so not tested: that a real one is read"
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.mark.slow
def test_debians_own_index_is_read(larry: Terminal, tmp_path: Path) -> None:
    """In a process of its own: some ten thousands of packages, with their circles."""
    index = find_real_index()
    plain = tmp_path / "Packages"
    with plain.open("wb") as file:
        subprocess.run([HELPER, "cat-file", str(index)], stdout=file, check=True)
    command = [shutil.which("larry") or str(Path(sys.executable).with_name("larry")), "import", "debian-packages"]
    folder = tmp_path / "estate"
    done = subprocess.run([*command, str(plain), "--output", str(folder)], capture_output=True, text=True, check=True)
    told = re.search(r"(\d+) services in \d+ files? in ", done.stderr)
    assert told is not None
    assert int(told[1]) == len(set(re.findall(r"(?m)^Package: (.+)$", plain.read_text()))) > 100
    with plain.open("rb") as file:
        words = [*command, "-", "--only", "adduser"]
        some = subprocess.run(words, stdin=file, capture_output=True, text=True, check=True)
    larry.done("apply", "-", *WHY, stdin=some.stdout)
    assert larry("plan", str(folder)).code == 3
