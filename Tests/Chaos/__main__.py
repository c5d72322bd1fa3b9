"""The chaos suite: real coordinators and workers under faults. See docs/chaos.md."""
import argparse, os, shutil, subprocess, sys, tempfile, time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from pathlib import Path

import report
from cluster import Place
from disk import why_not as why_no_disk
from jobs import Jobs
from schedule import scenario
from seed import play


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/chaos", description=__doc__)
    parser.add_argument("--actdiff", required=True, type=Path, help="the program (scripts/chaos finds a release build)")
    parser.add_argument("--seed", type=int, default=1, help="the first seed (default 1)")
    limit = parser.add_mutually_exclusive_group()
    limit.add_argument("--minutes", type=float, help="begin new seeds for so long (default 5)")
    limit.add_argument("--count", type=int, help="play so many seeds")
    parser.add_argument("--parallel", type=int, default=1, help="seeds at a time (default 1)")
    parser.add_argument("--only", action="append", metavar="MODE", help="only seeds of this mode; can be repeated")
    parser.add_argument("--logs", type=Path, help="where failing seeds leave their logs (default: a temporary folder)")
    options = parser.parse_args()
    if options.minutes is None and options.count is None:
        options.minutes = 5
    return options


def seeds(options, until, reasons, skipped):
    """The seeds to play, as long as there is time."""
    seed, given = options.seed, 0
    while (given < options.count) if options.count else time.monotonic() < until:
        mode = scenario(seed).mode
        if not options.only or mode in options.only:
            given += 1
            if mode in reasons:
                skipped[mode] += 1
            else:
                yield seed
        seed += 1


def missing(folder):
    """Modes that this machine cannot play, and why."""
    reasons = {"disk": why_no_disk(folder / "disk"), "network": "not yet", "keys": "not yet"}
    return {mode: reason for mode, reason in reasons.items() if reason}


def main():
    options = arguments()
    folder = options.logs or Path(tempfile.mkdtemp(prefix="actdiff-chaos-"))
    folder = folder.resolve()
    (folder / "jobs").mkdir(parents=True)
    actdiff = folder / "actdiff"
    shutil.copy(options.actdiff, actdiff)  # a build meanwhile must not change the program under test
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "ACTDIFF_LOG": "debug"}
    jobs = Jobs(folder / "jobs", actdiff)
    jobs.run_quietly(environment)
    print(f"quiet run: {', '.join(f'{name} {len(quiet.shards)} shards' for name, quiet in jobs.quiet.items())}", flush=True)

    begin = time.monotonic()
    outcomes, skipped, running = [], Counter(), {}
    reasons = missing(folder)
    slots = set(range(options.parallel))
    coming = seeds(options, begin + (options.minutes or 0) * 60, reasons, skipped)
    with ProcessPoolExecutor(options.parallel) as pool:
        while True:
            while slots and (seed := next(coming, None)) is not None:
                slot = slots.pop()
                place = Place(folder / f"seed-{seed}", str(actdiff), f"127.{os.getpid() % 250 + 1}.{slot}", environment)
                running[pool.submit(play, seed, place, jobs)] = slot
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                slots.add(running.pop(future))
                outcomes.append(future.result())
                print(report.seed_line(outcomes[-1]), flush=True)
    status = report.summary(outcomes, {mode: (reasons[mode], count) for mode, count in skipped.items()},
        time.monotonic() - begin)
    if status == 0 and not options.logs:
        shutil.rmtree(folder)
    return status


sys.exit(main())
