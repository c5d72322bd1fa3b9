"""kill -9 of the coordinator at random moments of a job: how long until leases flow again, and what is computed twice."""
import random, re, statistics, time
from collections import Counter

from cluster import Cluster
from jobs import Shape
from operators import Operator
from processes import Failure
from seed import Outcome, settle, shut_down
from sites import Loopback
from verdict import examine

SHAPE = Shape("restarted", prompts=16_000, shard_tokens=3_000)
WORKERS = 4
LEASE_SECONDS = 60  # the program's own default
WORKER = re.compile(r"worker=(\S+)")
COMPUTED = re.compile(r"job=(\S+) .*shard=(\d+) .*\[Cluster\] computed")


class LogTail:
    """The lines that a log has got since the last look."""

    def __init__(self, path):
        self.file = open(path, errors="replace")
        self.rest = ""

    def lines(self):
        *whole, self.rest = (self.rest + self.file.read()).split("\n")
        return whole


def measure(count, seed, place, jobs):
    """Runs the job with its restarts and prints the table. Returns the exit status."""
    dice = random.Random(f"actdiff restarts {seed}")
    place.folder.mkdir(parents=True)
    cluster = Cluster(place, WORKERS, Loopback(place.network), lease_seconds=LEASE_SECONDS)
    operator = Operator(cluster, jobs, [SHAPE])
    tail = LogTail(cluster.coordinator.log)
    outcome = Outcome(seed, "restarts")
    try:
        _until(cluster, operator, tail, {"leased": 1})
        print(f"{'':>4} {'committed':>9} {'in flight':>9} {'listening':>10} {'first lease':>12} {'all workers':>12}")
        rows = []
        for index in range(count):
            _run_on(cluster, operator, dice.uniform(0.2, 1.2))
            rows.append(_restart(cluster, operator, tail))
            print("{:4} {:9} {:9} {:8.0f} ms {:9.0f} ms {:9.0f} ms".format(index + 1, *rows[-1]), flush=True)
        last = time.monotonic()
        settle(cluster, operator, all_must_work=False)
        print(f"the job ended {time.monotonic() - last:.1f} s after the last restart")
        shut_down(cluster)
        cluster.look_at_store()
        examine(cluster, operator, jobs, outcome)
    except Failure as failure:
        print(f"FAILED  {failure}\n  logs: {place.folder}")
        return 1
    finally:
        operator.destroy()
        cluster.destroy()
    for name, column in (("listening", 2), ("first lease", 3), ("all workers", 4)):
        values = [row[column] for row in rows]
        print(f"{name:<12} median {statistics.median(values):.0f} ms, longest {max(values):.0f} ms")
    _print_computed_again(cluster, outcome)
    return 0


def _restart(cluster, operator, tail):
    """Kills and starts again at once: commits, leases in flight, milliseconds to each step."""
    cluster.coordinator.kill(0.0)
    cluster.look_at_store()
    committed = len(cluster.ledger.commits)
    in_flight = cluster.ledger.in_flight()
    tail.lines()
    begin = time.monotonic()
    cluster.coordinator.start()
    times = _until(cluster, operator, tail, {"listening: ": 1, "leased": 1, "welcome": WORKERS})
    return committed, in_flight, *((times[word] - begin) * 1000 for word in ("listening: ", "leased", "welcome"))


def _until(cluster, operator, tail, wanted):
    """Waits until the log has got as many different lines as wanted with each word; returns when that was."""
    give_up_at = time.monotonic() + 120
    seen, times = {word: set() for word in wanted}, {}
    while len(times) < len(wanted):
        for line in tail.lines():
            for word in wanted:
                # A worker may be welcomed more than once.
                worker = WORKER.search(line)
                if word in line:
                    seen[word].add(worker[1] if worker else line)
                    if len(seen[word]) == wanted[word]:
                        times.setdefault(word, time.monotonic())
        if time.monotonic() > give_up_at:
            raise Failure(f"the coordinator did not log {sorted(set(wanted) - set(times))} within 120 s")
        cluster.tick()
        operator.tick(wants_more=False)
        time.sleep(0.003)
    return times


def _run_on(cluster, operator, seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        cluster.tick()
        operator.tick(wants_more=False)
        time.sleep(0.01)


def _print_computed_again(cluster, outcome):
    times = Counter()
    for worker in cluster.workers:
        for line in open(worker.log, errors="replace"):
            if match := COMPUTED.search(line):
                times[match[1], int(match[2])] += 1
    again = sum(count - 1 for count in times.values())
    print(f"shards       {outcome.shards}, leases {outcome.granted}, computed more than once {again}; "
          "leased again after their commit 0")
    print("bundle       identical to the quiet run's")
