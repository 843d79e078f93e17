"""The commands: `python -m tools.operate --help`."""

import argparse
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from rich.console import Console
from rich.progress import track

from aftersales.usecases.rebuild_balances import rebuild_balances
from aftersales.usecases.rebuild_ratings import rebuild_ratings
from tools.desk import Stack
from tools.operate import __doc__ as about
from tools.operate import cases, show
from tools.operate.deployment import Deployment, Problem, local, on_aws
from tools.operate.queues import KINDS, DeadLetterQueue

Command = Callable[[Deployment, argparse.Namespace, Console], int]


def list_letters(deployment: Deployment, _: argparse.Namespace, console: Console) -> int:
    """what was given up, of every queue"""
    queues = [DeadLetterQueue(deployment, name) for name in KINDS]
    # All at once, for each queue takes a second to say that there is no more.
    with console.status("looking into the queues"), ThreadPoolExecutor() as pool:
        found = [
            letter for letters in pool.map(lambda queue: list(queue.each()), queues) for letter in letters
        ]
    console.print(show.letters(found) if found else "No dead letters.")
    return 0


def redrive(deployment: Deployment, options: argparse.Namespace, console: Console) -> int:
    """send every letter of a queue once more; 1 if one of them stays"""
    queue = DeadLetterQueue(deployment, options.queue)
    if options.dry_run:
        console.print(show.letters(list(queue.each())), "These would be sent once more.")
        return 0
    sent, left = 0, []
    progress = track(
        queue.each(),
        "redrive",
        total=queue.count(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    for letter in progress:
        error = queue.send_again(letter)
        if error:
            left.append((letter, error))
        else:
            sent += 1
    console.print(f"{sent} sent once more, {len(left)} left.")
    for letter, error in left:
        console.print(f"  {letter.says.what if letter.says else '?'}: {error}", markup=False)
    return 1 if left else 0


def look(deployment: Deployment, options: argparse.Namespace, console: Console) -> int:
    """one case on one screen"""
    console.print(show.case(cases.look_at(deployment, options.case_id)))
    return 0


def ring(deployment: Deployment, options: argparse.Namespace, console: Console) -> int:
    """relay the entries of a case that were not relayed; 1 if one of them fails"""
    unrelayed = cases.look_at(deployment, options.case_id).unrelayed
    if options.dry_run or not unrelayed:
        console.print(f"Unrelayed entries: {_numbers(unrelayed)}.")
        return 0
    rung = cases.ring(deployment, options.case_id)
    console.print(f"Relayed: {_numbers(rung.relayed)}. Failed: {_numbers(rung.failed)}.")
    return 1 if rung.failed else 0


def restart(deployment: Deployment, options: argparse.Namespace, console: Console) -> int:
    """let a new execution take over an open case"""
    screen = cases.look_at(deployment, options.case_id)
    following = cases.execution_names(screen.case, runs=screen.case.run + 1)[-1]
    if options.dry_run:
        console.print(show.case(screen), f"The execution {following} would take it over.")
        return 0
    said = cases.send_on(deployment, screen)
    console.print(f"The case is {said['status']} at version {said['version']}; {following} takes it over.")
    return 0


def ratings(deployment: Deployment, options: argparse.Namespace, console: Console) -> int:
    """rebuild a seller's ratings from its feedback while the desk runs; 1 if any part was wrong"""
    wrong = list(rebuild_ratings(deployment.feedback_desk, options.seller_id))
    for drift in wrong:
        console.print(f"  {drift.subject.sku or 'the seller'}, shard {drift.shard}: mended", markup=False)
    console.print(f"{len(wrong)} shards were not what their feedback adds up to.")
    return 1 if wrong else 0


def balances(deployment: Deployment, options: argparse.Namespace, console: Console) -> int:
    """add a seller's postings up anew while the desk runs, and put its balances right; 1 if any part was wrong"""
    wrong = rebuild_balances(deployment.feedback_desk, deployment.accounts, options.seller_id)
    for drift in wrong:
        console.print(f"  {drift.currency}, shard {drift.shard}: mended", markup=False)
    console.print(f"{len(wrong)} parts were not what their postings add up to.")
    return 1 if wrong else 0


def main(arguments: Sequence[str] | None = None, console: Console | None = None) -> int:
    """Carry out one command; 2 if it could not be."""
    options = _parser().parse_args(arguments)
    console = console or show.console()
    try:
        deployment = on_aws(options.stack, options.region) if options.stack else local(Stack())
        command: Command = options.command
        return command(deployment, options, console)
    except Problem as problem:
        console.print(f"[red]✗[/] {problem}", highlight=False)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.operate",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--stack", help="a stack on AWS instead of the local one")
    parser.add_argument("--region", help="its region, unless the environment names it")
    commands = parser.add_subparsers(required=True, metavar="command")
    dry = argparse.ArgumentParser(add_help=False)
    dry.add_argument("--dry-run", action="store_true", help="only say what would be done")
    of_case = argparse.ArgumentParser(add_help=False)
    of_case.add_argument("case_id")

    def add(name: str, command: Command, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=command.__doc__, parents=parents)
        one.set_defaults(command=command)
        return one

    add("letters", list_letters)
    add("redrive", redrive, dry).add_argument("queue", choices=KINDS)
    add("case", look, of_case)
    add("ring", ring, of_case, dry)
    add("restart", restart, of_case, dry)
    add("ratings", ratings).add_argument("seller_id")
    add("balances", balances).add_argument("seller_id")
    return parser


def _numbers(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers)) or "none"


if __name__ == "__main__":
    sys.exit(main())
