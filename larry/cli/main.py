"""The command `larry`: its commands are named here and loaded only when asked for, so that help is there at once."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import click

from larry import __version__
from larry.cli.completion import complete_command
from larry.cli.server_option import choose_server, server_options

COMPLETE = "_LARRY_COMPLETE"
"""The variable by which a shell asks what could stand where somebody pressed Tab."""

SECTIONS: Mapping[str, Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "Begin": {
            "demo": ("demo:demo", "a fresh example estate, deployed; prints what a host gets; serves the web pages"),
            "generate": (
                "generate:generate",
                "an estate that is made up, as large as wanted, to try and to measure on",
            ),
            "migrate": ("migrate:migrate", "create the database, or bring it up to date"),
            "serve": ("serve:serve", "serve the web pages and the configuration of every host"),
            "worker": ("worker:worker", "tell webhooks what happens; as many as you like may run"),
            "rotate-secrets": ("rotate_secrets:rotate_secrets", "put all secrets under the first key of the settings"),
            "backup": ("backup:backup", "everything in one file, while Larry goes on working"),
            "restore": ("restore:restore", "make the database what a backup says it was"),
            "check": ("check:check", "strange situations: missing guards, uncovered audits, dirty instances"),
        },
        "People": {
            "user": ("user:user", "who may sign in, and may do what: add, list, password, grant, revoke …"),
            "group": ("group:group", "users that are granted something together"),
            "token": ("token:token", "what programs show instead of a password: add, list, revoke"),
        },
        "Describe the estate": {
            "plan": ("estate:plan", "what an estate file would change; changes nothing"),
            "apply": ("estate:apply", "change the estate to what a file says, in one transaction"),
            "dump": ("dump:dump", "the estate as a file that plan then finds no change in"),
            "import": ("import_:import_nouns", "many hosts or other nouns at once, from CSV"),
            "schema": ("schema:schema", "the JSON Schema of the estate file, for editors"),
            "list": ("noun:list_nouns", "all customers, hosts, services …"),
            "show": ("noun:show_noun", "everything about one of them"),
            "set": ("noun:set_noun", "create one of them, or change some of its fields"),
            "rename-key": ("rename_key:rename_key", "give one of them another key, with all that follows from it"),
            "retire": ("noun:retire_noun", "take one of them out of use"),
        },
        "Deploy": {
            "snapshot": ("snapshot:snapshot", "freeze an instance as it is described now"),
            "diff": ("diff:diff", "what differs: live, snapshots, now"),
            "parameters": ("instance:parameters", "the parameters of an instance, and whence each comes"),
            "order": ("instance:order", "the order in which the services of an instance start"),
            "deploy": ("deploy:deploy", "put instances on hosts, as one rollout"),
            "redeploy": ("redeploy:redeploy", "new snapshots where the old ones are live, as one rollout"),
            "edit-deployment": ("edit_deployment:edit_deployment", "change its end; before it begins, anything of it"),
            "undeploy": ("undeploy:undeploy", "end deployments, now or at a moment"),
            "delete": ("delete:delete", "take planned deployments back before they begin"),
            "undo": ("undo:undo", "take a rollout back, as far as it lies in the future"),
        },
        "Look": {
            "deployments": ("deployments:deployments", "what was, is and will be live where"),
            "config": ("config:config", "what a host is to be at a moment, in the language of a tool"),
            "inventory": ("inventory:inventory", "every host at a moment, in the language of a tool"),
            "explain": ("explain:explain", "where a value on a host came from, through every layer and snapshot"),
            "coverage": ("coverage:coverage", "which deployed services have the auditors they ask for, and which not"),
            "edges": ("edges:edges", "which service needs or audits which, now or as the record had it"),
            "publish": ("publish:publish", "the whole fleet as a tree of files, now and for every boundary known"),
            "graph": ("graph:graph", "the picture of what depends on what: services, instances, hosts"),
            "timeline": ("timeline:timeline", "the picture of what was, is and will be live"),
            "history": ("history:history", "every change of what a host or an instance was, is and will be"),
            "activity": ("activity:activity", "who did what, when and why"),
            "webhook": ("webhook:webhook", "whom to tell what happens: add, list, pause, deliveries …"),
            "completion": ("completion:completion", "the script by which a shell completes all this"),
        },
    }
)
"""By section: each command with its place in `larry.cli.commands` and one line about it."""

_PLACES = {name: entry for section in SECTIONS.values() for name, entry in section.items()}


class LazyCommands(click.Group):
    """A group whose help is written from the table above, and whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 — click's signature
        return list(_PLACES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as click calls it
        if cmd_name not in _PLACES:
            return None
        module, _, name = _PLACES[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(f"larry.cli.commands.{module}"), name)
        return complete_command(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as click calls it
        for heading, commands in SECTIONS.items():
            with formatter.section(heading):
                formatter.write_dl([(name, about) for name, (_, about) in commands.items()])


@click.group(
    cls=LazyCommands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Moments are written 2026-12-01T09:00Z, 2026-12-01, now, +2h. `larry COMMAND --help` shows examples.",
)
@click.version_option(__version__, message="larry %(version)s")
@server_options
@click.pass_context
def larry(ctx: click.Context, server: str | None, token_file: str | None, ca_file: str | None) -> None:
    """What runs where, for whom, since when, until when, and what comes next."""
    choose_server(ctx, server, token_file, ca_file)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and leave with its code: 0 done, 1 refused or failed, 2 wrong usage, 3 there are changes."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # documents are UTF-8, whatever the locale
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """The exit code of the command; every failure is told on standard error in one clear line."""
    given = sys.argv[1:] if arguments is None else arguments
    if any("\ud800" <= char <= "\udfff" for argument in given for char in argument):
        click.echo("larry: an argument is not UTF-8", err=True)
        return 2
    if COMPLETE in os.environ:
        return _complete()
    try:
        code = larry.main(args=list(given), prog_name="larry", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as wrong:
        wrong.show()
        return wrong.exit_code
    except BrokenPipeError:
        # Whoever read has read enough. Python would complain again when it closes the stream at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (KeyboardInterrupt, click.Abort):
        click.echo("larry: interrupted; what was not finished has not been done", err=True)
        return 1
    except Exception as error:  # noqa: BLE001 — the outermost door: a person gets a line, whatever happens
        from larry.cli.failure import explain_failure

        click.echo(f"larry: {explain_failure(error)}", err=True)
        return 1
    return code if isinstance(code, int) else 0


def _complete() -> int:
    """Answer a shell that asks; whatever goes wrong, the person at the prompt reads none of it."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, contextlib.redirect_stderr(nowhere):
        try:
            larry.main(args=[], prog_name="larry", complete_var=COMPLETE, standalone_mode=False)
        except SystemExit as done:
            return done.code if isinstance(done.code, int) else 0
        except (Exception, KeyboardInterrupt):  # noqa: BLE001 — see above
            return 1
    return 0


if __name__ == "__main__":
    main()
