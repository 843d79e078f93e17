"""The commands: `python -m tools.policy --help`."""

import argparse
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import track

from aftersales.adapters.policies import SHIPPED, PublishedPolicies
from aftersales.contracts.policies import InvalidDocument
from aftersales.domain.override import Override
from aftersales.domain.policy import Policy
from tools.desk import Stack
from tools.operate.deployment import Problem, local, on_aws
from tools.operate.show import console as wide_console
from tools.policy import __doc__ as about
from tools.policy import check, recording, replay, show, simulate
from tools.policy.recording import Decided

Command = Callable[[argparse.Namespace, Console], int]


def validate(options: argparse.Namespace, console: Console) -> int:
    """say whether a policy or an override can be published; 1 if not"""
    document = check.read_draft(options.file, options.policies)
    name = document.name if isinstance(document, Override) else document.version
    since = datetime.fromtimestamp(document.effective_from / 1000, UTC)
    console.print(f"[green]✓[/] {name} can be published; it comes into force on {since:%Y-%m-%d %H:%M} UTC.")
    return 0


def record(options: argparse.Namespace, console: Console) -> int:
    """write the recorded decisions of a stack to a file of JSON lines"""
    decisions = _decisions(options, console)
    recording.write(options.output, decisions)
    console.print(f"{len(decisions)} decisions written to {options.output}.", highlight=False)
    return 0


def decide_again(options: argparse.Namespace, console: Console) -> int:
    """decide every recorded case again; 1 if one comes out otherwise"""
    decisions = _decisions(options, console)
    progress = track(decisions, "replay", console=console, transient=True, disable=not console.is_terminal)
    found = list(replay.differences(progress, PublishedPolicies(options.policies)))
    console.print(f"{len(decisions)} decisions made again, {len(found)} differences.")
    if found:
        console.print(show.differences(found))
    return 1 if found else 0


def simulate_draft(options: argparse.Namespace, console: Console) -> int:
    """say what would have changed under a draft"""
    draft = check.read_draft(options.draft, options.policies)
    policies = PublishedPolicies(options.policies)
    decisions = _decisions(options, console)
    if isinstance(draft, Override):
        would_be = simulate.under_override(draft, policies, transition=options.transition)
    else:
        _warn_of_other_history(draft, decisions, policies, console)
        would_be = simulate.under_policy(draft, policies, transition=options.transition)
    progress = track(
        simulate.forecasts(decisions, simulate.as_recorded(policies), would_be),
        "simulate",
        total=len({one.case_id for one in decisions}),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    console.print(show.simulation(list(progress), every_case=options.all))
    return 0


def main(arguments: Sequence[str] | None = None, console: Console | None = None) -> int:
    """Carry out one command; 1 where it says no, 2 if it could not be carried out."""
    options = _parser().parse_args(arguments)
    console = console or wide_console()
    try:
        command: Command = options.command
        return command(options, console)
    except InvalidDocument as invalid:
        for problem in invalid.problems:
            console.print("[red]✗[/]", problem, highlight=False, soft_wrap=True)
        return 1
    except (Problem, LookupError, OSError) as problem:
        console.print("[red]✗[/]", str(problem), highlight=False)
        return 2


def _decisions(options: argparse.Namespace, console: Console) -> list[Decided]:
    if options.source:
        return recording.read(options.source)
    deployment = on_aws(options.stack, options.region) if options.stack else local(Stack())
    with console.status("reading timelines") as status:
        return recording.of_deployment(
            deployment, lambda rows: status.update(f"reading timelines: {rows} rows")
        )


def _warn_of_other_history(
    draft: Policy, decisions: Sequence[Decided], policies: PublishedPolicies, console: Console
) -> None:
    """How often a buyer bought and complained was counted over the days of the version then in force."""
    days = {policies.version(version).risk.days for version in {one.grounds.in_force for one in decisions}}
    if days - {draft.risk.days}:
        console.print(
            f"[yellow]![/] The draft looks back {draft.risk.days} days at a buyer's history; what was recorded was"
            f" counted over {', '.join(map(str, sorted(days)))} days and is taken as it is.",
            highlight=False,
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.policy",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    published = argparse.ArgumentParser(add_help=False)
    published.add_argument(
        "--policies", type=Path, default=SHIPPED, help="another folder of published documents"
    )
    source = argparse.ArgumentParser(add_help=False)
    source.add_argument("--stack", help="a stack on AWS instead of the local one")
    source.add_argument("--region", help="its region, unless the environment names it")
    recorded = argparse.ArgumentParser(add_help=False)
    recorded.add_argument("--from", dest="source", type=Path, help="a recording instead of a stack")

    def add(name: str, command: Command, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=command.__doc__, parents=parents)
        one.set_defaults(command=command)
        return one

    add("validate", validate, published).add_argument("file", type=Path)
    writing = add("record", record, source)
    writing.add_argument("--output", "-o", type=Path, required=True)
    writing.set_defaults(source=None)
    add("replay", decide_again, published, source, recorded)
    simulating = add("simulate", simulate_draft, published, source, recorded)
    simulating.add_argument("draft", type=Path)
    simulating.add_argument(
        "--transition",
        action="store_true",
        help="for orders that were placed before the draft came into force",
    )
    simulating.add_argument("--all", action="store_true", help="name every case that changes")
    return parser


if __name__ == "__main__":
    sys.exit(main())
