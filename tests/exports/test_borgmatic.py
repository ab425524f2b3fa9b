"""borgmatic itself validates the jobs and reads in them what is meant, or the dialect refuses."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from larry.exports import CannotPrint
from larry.exports.watch import borgmatic
from tests.exports.hostile import LONG, TEXTS
from tests.exports.specimen import dated, entry
from tests.exports.watching import STAGING, about, make_watched_fleet, watching
from tests.tools import require

_READER = """
import json, os, sys
from borgmatic.config import validate
schema = validate.schema_filename()
for path in sorted(sys.argv[1:]):
    print(json.dumps([os.path.basename(path), validate.parse_configuration(path, schema)]))
"""
CONFIGURATION: Any = {
    "location": {"repositories": ["/srv/x.borg"]},
    "retention": {"keep_daily": {"setting": "keep_days"}},
    "hooks": {
        "postgresql_databases": [
            {"name": {"parameter": "dbname"}, "hostname": {"subject": "address"}, "password": {"parameter": "password"}}
        ]
    },
}


def understood(files: dict[str, str], folder: Path) -> dict[str, Any]:
    """What borgmatic itself reads in each file, with variables of the environment put in; none may be wrong to it."""
    program = require("borgmatic")
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    places = [str(folder / name) for name in files]
    checked = subprocess.run(
        [program.with_name("validate-borgmatic-config"), "-c", *places], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    done = subprocess.run(
        ["/usr/bin/python3", "-c", _READER, *places], capture_output=True, encoding="utf-8", check=True
    )
    read = dict(json.loads(line) for line in done.stdout.splitlines())
    assert all(not warnings for _, warnings in read.values())
    return {name: configuration for name, (configuration, _) in read.items()}


def jobs(text: str) -> dict[str, str]:
    """The documents of a host by their names."""
    return dict(re.findall(r"^---\n# (.+)\n((?:(?!---\n).*\n)+)", text, re.MULTILINE))


def test_a_job_is_understood(tmp_path: Path) -> None:
    subject = about("database", settings={"keep_days": 90}, dbname="shop", password="s3")
    files = jobs(borgmatic.write_host_jobs(watching("borgmatic", {"configuration": CONFIGURATION}, subject)))
    assert understood(files, tmp_path) == {
        "db1.example.com-acme-shop-production-database.yaml": {
            "location": {"source_directories": [], "repositories": ["/srv/x.borg"]},
            "storage": {
                "archive_name_format": "db1.example.com-acme-shop-production-database-{now:%Y-%m-%dT%H:%M:%S.%f}"
            },
            "retention": {"prefix": "db1.example.com-acme-shop-production-database-", "keep_daily": 90},
            "consistency": {"prefix": "db1.example.com-acme-shop-production-database-"},
            "hooks": {"postgresql_databases": [{"name": "shop", "hostname": "10.0.0.21", "password": "s3"}]},
        }
    }


def test_passwords_are_read_back_whatever_they_are(tmp_path: Path) -> None:
    texts = [*TEXTS, LONG, "\\${HOME}", "a ${NOPE:-x} ${HOME}", "${${HOME}}"]
    subjects = [
        about("database", paths=[f"a/b/i{number}"], settings={"keep_days": number}, dbname="x", password=text)
        for number, text in enumerate(texts)
    ]
    files = jobs(borgmatic.write_host_jobs(watching("borgmatic", {"configuration": CONFIGURATION}, *subjects)))
    read = understood(files, tmp_path)
    for number, text in enumerate(texts):
        job = read[f"db1.example.com-a-b-i{number}-database.yaml"]
        assert job["hooks"]["postgresql_databases"][0]["password"] == text
        assert job["retention"]["keep_daily"] == number


def test_each_job_of_300_hosts_is_a_file_of_its_own(tmp_path: Path) -> None:
    said: Any = {"configuration": {**CONFIGURATION, "retention": {"keep_daily": {"setting": "every"}}, "hooks": {}}}
    fleet = make_watched_fleet("borgmatic", said)
    files = borgmatic.write_job_files(fleet)
    assert {path.partition("/")[0] for path in files} == {"host299.example.com"}
    read = understood({path.partition("/")[2]: text for path, text in files.items()}, tmp_path)
    subjects = [subject for host in fleet.hosts for each in host.dated.node.services for subject in each.audits]
    assert len(read) == len(subjects) > 300
    assert all(job["retention"]["keep_daily"] == 5 for job in read.values())
    assert len({job["retention"]["prefix"] for job in read.values()}) == len(subjects)


@pytest.mark.parametrize("text", TEXTS)
def test_hostile_names_are_refused_or_stand_as_they_are(text: str) -> None:
    subject = about("database", settings={"keep_days": 1}, dbname=text, password="")
    node = watching("borgmatic", {"configuration": CONFIGURATION}, subject)
    if re.fullmatch("[A-Za-z0-9_/][A-Za-z0-9_.:/@-]*", text):
        (job,) = jobs(borgmatic.write_host_jobs(node)).values()
        assert yaml.safe_load(job)["hooks"]["postgresql_databases"][0]["name"] == text
    else:
        with pytest.raises(CannotPrint, match=r"name, the parameter dbname, is .* must be letters, digits"):
            borgmatic.write_host_jobs(node)


@pytest.mark.parametrize("name", ["all", "-x", "a;b", "/srv/../etc", "{hostname}", "${HOME}"])
def test_names_that_mean_more_are_refused(name: str) -> None:
    subject = about("database", settings={"keep_days": 1}, dbname=name, password="")
    with pytest.raises(CannotPrint, match="neither all nor a path with"):
        borgmatic.write_host_jobs(watching("borgmatic", {"configuration": CONFIGURATION}, subject))


@pytest.mark.parametrize(
    "said,told",
    [
        ({}, "configuration is null, but must be a map, such as"),
        ({"configuration": {"location": {}}}, "such as {location: {repositories"),
        ({"configuration": {"location": {"repositories": ["/x"]}, "hook": {}}}, "configuration.hook is no section"),
        ({"configuration": {"location": {"repositories": ["/x"]}, "hooks": []}}, "each a map"),
        ({"configuration": {"location": {"repositories": [{"parameter": "m"}]}}}, "may be no map"),
    ],
)
def test_what_is_wrong_is_told(said: Any, told: str) -> None:
    with pytest.raises(CannotPrint, match=told):
        borgmatic.write_host_jobs(watching("borgmatic", said, about("x", m={"a": 1})))


def test_a_name_of_its_own_for_archives_has_no_prefix_of_ours(tmp_path: Path) -> None:
    said: Any = {
        "configuration": {"location": {"repositories": ["/x"]}, "storage": {"archive_name_format": "mine-{now}"}}
    }
    text = borgmatic.write_host_jobs(watching("borgmatic", said, about("x"), about("x", paths=[STAGING])))
    read = understood(jobs(text), tmp_path)
    assert all(
        job["storage"] == {"archive_name_format": "mine-{now}"} and "retention" not in job for job in read.values()
    )
    assert len(read) == 2


def test_hosts_without_backups_say_so() -> None:
    assert borgmatic.write_host_jobs(dated(entry("ntp"))).startswith("#")
