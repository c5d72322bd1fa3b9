"""What happens to a seed's cluster, and when: a pure function of the seed."""
import random
from dataclasses import dataclass

from faults import KINDS

# Seeds go round through these, so that as many seeds in a row have met all of them.
MODES = ["direct", "proxy", "disk", "lies", "network", "inputs", "proxy", "keys", "crowds", "lies", "disk", "upgrade",
         "proxy", "inputs", "network"]
# Anything off loopback must have keys; loopback may.
KEYED = ("network", "keys")
SECONDS = 9.0


@dataclass(frozen=True)
class Fault:
    """One disturbance. What `worker`, `seconds` and `amount` mean is the kind's business."""
    at: float
    kind: str
    worker: int
    seconds: float
    amount: int
    dice: int

    def __str__(self):
        return f"{self.at:6.2f} s  {self.kind:<22} worker {self.worker}  {self.seconds:.2f} s  amount {self.amount}"


@dataclass(frozen=True)
class Scenario:
    seed: int
    mode: str
    shapes: list[str]
    workers: int
    faults: list[Fault]
    # Whether the operator cancels a job, by its place among those submitted.
    cancels: list[bool]
    # The coordinator's log level: nothing that is checked may depend on it.
    level: str


def scenario(seed):
    dice = random.Random(f"actdiff chaos {seed}")
    mode = MODES[seed % len(MODES)]
    # A dispute needs a third.
    workers = dice.choice([3, 4] if mode == "lies" else [2, 3, 3, 4])
    kinds = [kind for kind in KINDS.values() if mode in kind.modes]
    times = sorted(dice.uniform(0.2, SECONDS) for _ in range(dice.randint(13, 17)))
    faults = []
    for at in times:
        kind = dice.choices(kinds, [kind.weight for kind in kinds])[0]
        faults.append(Fault(at, kind.name, dice.randrange(workers), dice.uniform(*kind.seconds),
            dice.randint(*kind.amount), dice.getrandbits(32)))
    # What nobody verifies, a lie can be.
    shapes = [dice.choice(["checked"] if mode == "lies" else ["many", "many", "wide", "checked"]) for _ in range(64)]
    cancels = [dice.random() < 0.2 for _ in shapes]
    return Scenario(seed, mode, shapes, workers, faults, cancels, dice.choice(["debug", "info", "warning", "error"]))


def covering(modes):
    """A few seeds of these modes that between them have met every mode and every kind of fault that is possible there."""
    met = {plan.seed: {plan.mode} | {fault.kind for fault in plan.faults}
           for plan in map(scenario, range(1, 400)) if plan.mode in modes}
    left = set(modes) | {kind.name for kind in KINDS.values() if set(kind.modes) & set(modes)}
    chosen = []
    while left:
        best = max(met, key=lambda seed: len(left & met[seed]))
        chosen.append(best)
        left -= met[best]
    return sorted(chosen)
