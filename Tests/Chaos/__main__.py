"""The chaos suite: real coordinators and workers under faults. See docs/chaos.md."""
import argparse, itertools, multiprocessing, os, shutil, signal, sys, tempfile, time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from pathlib import Path

import disk, keys, report, restarts, sites
from cluster import MOST_WORKERS, Place
from inputs import Inputs
from jobs import SHAPES, Jobs
from schedule import MODES, covering, scenario
from seed import play


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/chaos", description=__doc__)
    parser.add_argument("--actdiff", required=True, type=Path, help="the program (scripts/chaos finds a release build)")
    parser.add_argument("--seed", type=int, default=1, help="the first seed (default 1)")
    limit = parser.add_mutually_exclusive_group()
    limit.add_argument("--minutes", type=float, help="begin new seeds for so long (default 5)")
    limit.add_argument("--count", type=int, help="play so many seeds")
    limit.add_argument("--restarts", type=int, metavar="N", help="instead: kill the coordinator N times in a job, and measure")
    limit.add_argument("--ci", action="store_true", help="play a few seeds that have met all kinds of faults")
    parser.add_argument("--parallel", type=int, default=1, help="seeds at a time (default 1)")
    parser.add_argument("--only", action="append", metavar="MODE", help="only seeds of this mode; can be repeated")
    parser.add_argument("--logs", type=Path, help="where failing seeds leave their logs (default: a temporary folder)")
    options = parser.parse_args()
    if options.minutes is None and options.count is None:
        options.minutes = 5
    return options


def seeds(options, reasons, skipped):
    """The seeds to play, as long as there is time."""
    if options.ci:
        yield from covering(set(MODES) - set(reasons))
        skipped.update({mode: 0 for mode in reasons})
        return
    until = time.monotonic() + (options.minutes or 0) * 60
    given = 0
    for seed in itertools.count(options.seed):
        if given == options.count or (options.count is None and time.monotonic() > until):
            return
        mode = scenario(seed).mode
        if options.only and mode not in options.only:
            continue
        given += 1
        if mode in reasons:
            skipped[mode] += 1
        else:
            yield seed


def missing(folder, actdiff):
    """Modes that cannot be played here, and why."""
    reasons = {
        "disk": disk.why_not(folder / "disk"),
        "keys": keys.why_not(actdiff),
        "network": sites.why_not() or keys.why_not(actdiff),
    }
    return {mode: reason for mode, reason in reasons.items() if reason}


def main():
    options = arguments()
    end_when_told(end_seeds)
    folder = options.logs or Path(tempfile.mkdtemp(prefix="actdiff-chaos-"))
    folder = folder.resolve()
    (folder / "jobs").mkdir(parents=True)
    actdiff = folder / "actdiff"
    shutil.copy(options.actdiff, actdiff)  # a build meanwhile must not change the program under test
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "ACTDIFF_LOG": "debug"}
    shapes = [restarts.SHAPE] if options.restarts else list(SHAPES.values())
    jobs = Jobs(folder / "jobs", actdiff, shapes)
    jobs.run_quietly(environment)
    if not options.restarts:
        other = Inputs(folder / "other-models")
        other.become(1, "renamed")
        jobs.run_quietly(environment, other.folder)
    print(f"quiet run: {', '.join(f'{name} {len(quiet[0].shards)} shards' for name, quiet in jobs.quiet.items())}", flush=True)

    reasons = missing(folder, actdiff)
    common = None if "keys" in reasons else keys.Keys(folder / "keys", actdiff, environment, MOST_WORKERS)
    place = lambda name, slot: Place(folder / name, str(actdiff), os.getpid(), slot, environment, common)
    if options.restarts:
        status = restarts.measure(options.restarts, options.seed, place("restarts", 0), jobs)
    else:
        status = play_seeds(options, jobs, place, reasons)
    if status == 0 and not options.logs:
        shutil.rmtree(folder)
    return status


def end_when_told(what):
    """Lets SIGTERM and SIGINT unwind the stack, so that clusters, namespaces and disks go away with the suite."""
    def unwind(number, _):
        what()
        raise SystemExit(f"chaos: ended by {signal.Signals(number).name}")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, unwind)


def end_seeds():
    for process in multiprocessing.active_children():
        process.terminate()


def play_seeds(options, jobs, place, reasons):
    begin = time.monotonic()
    outcomes, skipped, running = [], Counter(), {}
    slots = set(range(options.parallel))
    coming = seeds(options, reasons, skipped)
    with ProcessPoolExecutor(options.parallel, initializer=end_when_told, initargs=(end_seeds,)) as pool:
        while True:
            while slots and (seed := next(coming, None)) is not None:
                slot = slots.pop()
                running[pool.submit(play, seed, place(f"seed-{seed}", slot), jobs)] = slot
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                slots.add(running.pop(future))
                outcomes.append(future.result())
                print(report.seed_line(outcomes[-1]), flush=True)
    skipped = {mode: (reasons[mode], count) for mode, count in skipped.items()}
    return report.summary(outcomes, skipped, time.monotonic() - begin)


sys.exit(main())
