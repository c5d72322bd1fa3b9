"""A coordinator and its workers, with whatever stands between and below them."""
import heapq, itertools, time
from dataclasses import dataclass, field
from pathlib import Path

from jobs import FIXTURES
from processes import Supervised
from store import Ledger

LEASE_SECONDS = 2
MOST_WORKERS = 6


@dataclass
class Place:
    """Where a seed's cluster lives."""
    folder: Path
    actdiff: str
    # A loopback address of its own, so that ports need not be looked for: 127.run.slot.
    network: str
    environment: dict = field(default_factory=dict)

    @property
    def state(self):
        return self.folder / "state"


class Cluster:
    """Starts and keeps a coordinator and workers. Faults change it; `tick` lets time pass."""

    def __init__(self, place, workers, between=None, disk=None):
        self.place, self.between, self.disk = place, between, disk
        self.control, self.data = (f"tcp://{place.network}.1:{port}" for port in (5611, 5612))
        self.coordinator = Supervised("the coordinator", [
            place.actdiff, "coordinator", "--state", place.state, "--listen", self.control, "--data", self.data,
            "--lease-seconds", str(LEASE_SECONDS)], place.folder / "coordinator.log", place.environment)
        self.workers = []
        self.ledger = Ledger(place.state, self.coordinator.log)
        self._agenda, self._order = [], itertools.count()
        self.coordinator.start()
        for _ in range(workers):
            self.add_worker()

    def add_worker(self):
        index = len(self.workers)
        control, data = self.between.endpoints(index) if self.between else (self.control, self.data)
        worker = Supervised(f"worker {index}", [
            self.place.actdiff, "worker", "--connect", control, "--data", data, "--threads", "1",
            "--model-root", FIXTURES], self.place.folder / f"worker-{index}.log", self.place.environment)
        self.workers.append(worker)
        worker.start()

    @property
    def processes(self):
        return [self.coordinator, *self.workers]

    def operator(self, *arguments):
        """The command line of an operator's command."""
        return [self.place.actdiff, *arguments, "--connect", self.control]

    def look_at_store(self):
        """While the coordinator is dead: what is committed must stay committed, as it is."""
        if not self.coordinator.is_up:
            self.ledger.look()

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

    def heal(self):
        """Undoes what is still to be undone."""
        while self._agenda:
            heapq.heappop(self._agenda)[2]()
        if self.between:
            self.between.heal()

    def destroy(self):
        for process in self.processes:
            process.destroy()
        if self.between:
            self.between.destroy()
        if self.disk:
            self.disk.destroy()
