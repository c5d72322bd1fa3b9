"""A coordinator and its workers, with whatever stands between and below them."""
import heapq, itertools, shutil, time
from dataclasses import dataclass
from pathlib import Path

from jobs import FIXTURES
from keys import Keys
from processes import Supervised
from sites import CONTROL_PORT, DATA_PORT
from store import Ledger

LEASE_SECONDS = 2
MOST_WORKERS = 6


@dataclass
class Place:
    """What a seed is given to live in and with."""
    folder: Path
    actdiff: str
    # The suite's process and the seed's place among those that run at the time: addresses and namespaces are named so.
    run: int
    slot: int
    environment: dict
    keys: Keys | None

    @property
    def state(self):
        return self.folder / "state"

    @property
    def network(self):
        return f"127.{self.run % 250 + 1}.{self.slot}"


class Cluster:
    """Starts and keeps a coordinator and workers. Faults change it; `tick` lets time pass."""

    def __init__(self, place, workers, site, keys=None, between=None, disk=None, inputs=None, limits=(), options=(),
                 level="debug", lease_seconds=LEASE_SECONDS):
        self.place, self.site, self.keys, self.between = place, site, keys, between
        self.disk, self.inputs = disk, inputs
        self._actdiff = place.actdiff
        # The process of the worker that lies, once there is one.
        self.liar = None
        self.control, self.data = (f"tcp://{site.host}:{port}" for port in (CONTROL_PORT, DATA_PORT))
        self.coordinator = self._supervised("coordinator", 0, [
            "coordinator", "--state", place.state, "--listen", self.control, "--data", self.data, "--http", site.http,
            "--lease-seconds", str(lease_seconds), *options, *(keys.of_coordinator if keys else [])], limits, level)
        self.workers = []
        self.ledger = Ledger(place.state)
        self.has_been_upgraded = False
        self._agenda, self._order = [], itertools.count()
        self.coordinator.start()
        for _ in range(workers):
            self.add_worker()

    def add_worker(self):
        index = len(self.workers)
        control, data = self.between.endpoints(index) if self.between else (self.control, self.data)
        worker = self._supervised(f"worker-{index}", index + 1, [
            "worker", "--connect", control, "--data", data, "--threads", "1", "--model-root", self.models,
            *(self.keys.of_worker(index) if self.keys else [])])
        self.workers.append(worker)
        worker.start()

    @property
    def models(self):
        return self.inputs.folder if self.inputs else FIXTURES

    def _supervised(self, name, node, arguments, limits=(), level="debug"):
        """`limits` are prlimit's."""
        command = [*self.site.inside(node), *(["prlimit", *limits] if limits else []), self._actdiff, *arguments]
        environment = {**self.place.environment, "ACTDIFF_LOG": level}
        return Supervised(name, command, self.place.folder / f"{name}.log", environment)

    @property
    def processes(self):
        return [self.coordinator, *self.workers]

    def operator(self, *arguments):
        """The command line of an operator's command, given on the coordinator's node."""
        keys = self.keys.of_operator if self.keys else []
        return [*self.site.inside(0), self._actdiff, *arguments, "--connect", self.control, *keys]

    def look_at_store(self):
        """While the coordinator is dead: what is committed must stay committed, as it is."""
        if not self.coordinator.is_up:
            self.ledger.look()

    def upgrade(self, pause):
        """Another build of the program takes the place of everybody's, after a pause."""
        self.coordinator.kill(pause)
        self.look_at_store()
        self.has_been_upgraded = True
        old = self._actdiff
        self._actdiff = str(self.place.folder / f"actdiff-{time.monotonic_ns()}")
        shutil.copy(old, self._actdiff)
        with open(self._actdiff, "ab") as file:
            file.write(b"\n")  # A build is known by its digest.
        for process in self.processes:
            process.command[process.command.index(old)] = self._actdiff
        for worker in self.workers:
            if worker.is_up:
                worker.kill(pause)

    def begin_to_lie(self):
        """The first worker lies from now on, in this one of its lives. Returns whether it can."""
        first = self.workers[0]
        if self.liar is None and first.is_up:
            self.liar = first.process
        return first.is_up and self.liar is first.process

    def later(self, seconds, action):
        """Has something done after a time, at the latest when the cluster is healed."""
        heapq.heappush(self._agenda, (time.monotonic() + seconds, next(self._order), action))

    def tick(self):
        """Does what is due and looks after the processes. Raises Failure."""
        now = time.monotonic()
        while self._agenda and self._agenda[0][0] <= now:
            heapq.heappop(self._agenda)[2]()
        for process in self.processes:
            process.poll(now)
        if self.liar is not None and self.workers[0].process is not self.liar:
            # Two lives of one liar could agree with each other; without keys they count as two workers.
            self.between.end_lies()

    def heal(self):
        """Undoes what is still to be undone."""
        while self._agenda:
            heapq.heappop(self._agenda)[2]()
        if self.inputs:
            self.inputs.become(0, "renamed")
        self.site.heal()
        if self.between:
            self.between.heal()

    def destroy(self):
        for process in self.processes:
            process.destroy()
        if self.between:
            self.between.destroy()
        self.site.destroy()
        if self.disk:
            self.disk.destroy()
