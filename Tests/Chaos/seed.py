"""One seed: a cluster, its jobs and its faults, from the start to the verdict."""
import shutil, time, traceback
from collections import Counter
from dataclasses import dataclass, field

from cluster import MOST_WORKERS, Cluster
from disk import SmallDisk
from faults import KINDS, PROXIED
from inputs import Inputs
from jobs import SHAPES
from operators import Operator
from processes import Failure
from proxy import Harm, Proxy
from schedule import KEYED, SECONDS, scenario
from sites import Loopback, Namespaces
from verdict import examine

# Nothing is a failure for being slow; this only tells a hang.
HANG_SECONDS = 300
STEP_SECONDS = 0.03
# Of a worker, whose level is always debug; `settle` waits until each has said it.
COMPUTED = b"[Cluster] computed"
FEW_DESCRIPTORS = 256


@dataclass
class Outcome:
    """What became of a seed."""
    seed: int
    mode: str
    seconds: float = 0.0
    faults: Counter = field(default_factory=Counter)     # those with an effect
    frames: int = 0
    missed: int = 0
    jobs: int = 0
    cancelled: int = 0
    retried: int = 0
    mismatches: int = 0
    verified: int = 0
    lies: int = 0
    convictions: int = 0
    alarms: Counter = field(default_factory=Counter)
    shapes: set = field(default_factory=set)             # of the jobs whose bundles were fetched
    failure: str = ""
    folder: str = ""
    exits: list = field(default_factory=list)
    looks: int = 0
    shards: int = 0
    granted: int = 0
    coordinator_kib: int = 0
    worker_kib: int = 0


def play(seed, place, jobs):
    """Plays a seed to its end. What goes wrong stands in the outcome, and its folder is kept."""
    plan = scenario(seed)
    outcome = Outcome(seed, plan.mode)
    begin = time.monotonic()
    cluster = operator = None
    place.folder.mkdir(parents=True)
    try:
        cluster = build(plan, place)
        operator = Operator(cluster, jobs, [SHAPES[name] for name in plan.shapes], plan.cancels)
        _disturb(plan, cluster, operator, outcome)
        settle(cluster, operator)
        shut_down(cluster)
        cluster.look_at_store()
        examine(cluster, operator, jobs, outcome)
    except Failure as failure:
        outcome.failure = str(failure)
    except Exception:
        outcome.failure = "the suite itself: " + traceback.format_exc()
    finally:
        if operator:
            operator.destroy()
        if cluster:
            cluster.destroy()
            outcome.exits = [line.replace(f"{place.folder}/", "")
                             for process in cluster.processes for line in process.exits]
            outcome.coordinator_kib = cluster.coordinator.peak_kib
            outcome.worker_kib = max(worker.peak_kib for worker in cluster.workers)
            outcome.looks = cluster.ledger.looks
    outcome.seconds = time.monotonic() - begin
    if outcome.failure:
        outcome.folder = str(place.folder)
    else:
        shutil.rmtree(place.folder)
    return outcome


def build(plan, place):
    """The cluster of a seed's mode."""
    parts = {}
    if plan.mode == "network":
        site = Namespaces(f"actdiff-chaos-{place.run}-{place.slot}", MOST_WORKERS + 1)
    else:
        site = Loopback(place.network)
    if plan.mode in PROXIED or plan.mode == "lies":
        parts["between"] = Proxy(place.network, MOST_WORKERS)
    if plan.mode in KEYED:
        parts["keys"] = place.keys
    if plan.mode == "disk":
        parts["disk"] = SmallDisk(place.state)
    if plan.mode == "inputs":
        parts["inputs"] = Inputs(place.folder / "models")
    if plan.mode == "crowds":
        parts["limits"] = [f"--nofile={FEW_DESCRIPTORS}"]
    if plan.mode == "upgrade":
        parts["options"] = ["--drop-foreign-results"]
    return Cluster(place, plan.workers, site, level=plan.level, **parts)


def _disturb(plan, cluster, operator, outcome):
    """Lets the faults happen while jobs run."""
    begin = time.monotonic()
    waiting, effects = list(plan.faults), []
    with open(cluster.place.folder / "faults.log", "w", buffering=1) as log:
        while (now := time.monotonic() - begin) < SECONDS:
            while waiting and waiting[0].at <= now:
                fault = waiting.pop(0)
                done = KINDS[fault.kind].apply(cluster, fault)
                log.write(f"{time.time():.3f}  {fault}{'' if done else '  without effect'}\n")
                effects.append((fault.kind, done))
            cluster.tick()
            operator.tick(wants_more=True)
            time.sleep(STEP_SECONDS)
    for kind, effect in effects:
        if effect.hits if isinstance(effect, Harm) else effect:
            outcome.faults[kind] += 1
        else:
            outcome.missed += 1
        if isinstance(effect, Harm):
            outcome.frames += effect.hits
            outcome.lies += effect.hits if kind == "lie" else 0


def settle(cluster, operator, all_must_work=True):
    """Everything is mended; now all jobs must come to their end, and all workers must work again."""
    cluster.heal()
    versions = Versions(cluster) if cluster.inputs else None
    give_up_at = time.monotonic() + HANG_SECONDS
    idle = {worker: worker.log.stat().st_size for worker in cluster.workers} if all_must_work else {}
    while idle or not operator.is_done:
        if time.monotonic() > give_up_at:
            names = ", ".join(worker.name for worker in idle)
            raise Failure(f"hang: {HANG_SECONDS} s after the last fault {operator.where_it_stands}"
                          + (f"; idle since: {names}" if idle else "")
                          + (f"; {cluster.disk.free_bytes} bytes are left on the disk" if cluster.disk else ""))
        cluster.tick()
        operator.tick(wants_more=bool(idle))
        if versions:
            versions.tick(operator)
        for worker in [worker for worker, size in idle.items() if worker.has_said(COMPUTED, size)]:
            del idle[worker]
        time.sleep(STEP_SECONDS)


class Versions:
    """A job that was planned with the other version of the models waits for it; workers that cannot do a job look again when
    they start. So the versions take turns until all jobs have ended."""
    SECONDS = 5.0

    def __init__(self, cluster):
        self.cluster = cluster
        self.turn_at = 0.0
        self.stood = None

    def tick(self, operator):
        now = time.monotonic()
        if operator.has_ended or now < self.turn_at:
            return
        self.turn_at = now + self.SECONDS
        if self.stood == operator.states:
            self.cluster.inputs.become(1 - self.cluster.inputs.version, "renamed")
        self.stood = dict(operator.states)
        for worker in self.cluster.workers:
            if worker.is_up and not worker.dying:
                worker.ask_to_end(0.0)


def shut_down(cluster):
    """Workers drain, then the coordinator ends; all with status 0."""
    for group in (cluster.workers, [cluster.coordinator]):
        give_up_at = time.monotonic() + HANG_SECONDS
        for process in group:
            process.start_at = None
            if process.is_up:
                process.ask_to_end(None)
        while any(process.is_up for process in group):
            if time.monotonic() > give_up_at:
                names = ", ".join(process.name for process in group if process.is_up)
                raise Failure(f"hang: {names} did not end within {HANG_SECONDS} s of SIGTERM")
            cluster.tick()
            time.sleep(STEP_SECONDS)
