"""The kinds of faults, and how each is done to a cluster.

A fault's function returns whether it had an effect: there is nobody to kill where somebody is dead already.
"""
import time
from dataclasses import dataclass
from typing import Callable

EVERYWHERE = ("direct", "proxy", "disk", "network", "keys")


@dataclass(frozen=True)
class Kind:
    name: str
    apply: Callable
    modes: tuple
    weight: int
    seconds: tuple = (0.0, 1.0)   # the range of the fault's length, or of the pause before a restart
    amount: tuple = (1, 1)


KINDS = {}


def kind(name, modes=EVERYWHERE, weight=4, **ranges):
    def register(function):
        KINDS[name] = Kind(name, function, modes, weight, **ranges)
        return function
    return register


# Processes.

@kind("kill worker", seconds=(0.0, 1.5))
def kill_worker(cluster, fault):
    worker = cluster.workers[fault.worker]
    if not worker.is_up:
        return False
    worker.kill(fault.seconds)
    return True


@kind("kill coordinator", seconds=(0.0, 2.5))
def kill_coordinator(cluster, fault):
    if not cluster.coordinator.is_up:
        return False
    cluster.coordinator.kill(fault.seconds)
    cluster.look_at_store()
    return True


@kind("kill all", weight=1, seconds=(0.0, 1.0))
def kill_all(cluster, fault):
    """As when the power of a room goes."""
    up = [process for process in cluster.processes if process.is_up]
    for process in up:
        process.kill(fault.seconds)
    cluster.look_at_store()
    return bool(up)


@kind("pause worker", seconds=(0.3, 5.0))
def pause_worker(cluster, fault):
    """Shorter than a lease, or longer: then its shards go to others, and it comes back with what it has."""
    return _pause(cluster, cluster.workers[fault.worker], fault.seconds)


@kind("pause coordinator", weight=3, seconds=(0.3, 4.0))
def pause_coordinator(cluster, fault):
    return _pause(cluster, cluster.coordinator, fault.seconds)


def _pause(cluster, process, seconds):
    if not process.is_up or process.is_paused:
        return False
    process.pause()
    cluster.later(seconds, process.resume)
    return True


@kind("drain worker", weight=2, seconds=(0.0, 1.5))
def drain_worker(cluster, fault):
    worker = cluster.workers[fault.worker]
    if not worker.is_up or worker.dying:
        return False
    worker.ask_to_end(fault.seconds)
    return True


@kind("stop worker at once", weight=1, seconds=(0.0, 1.5))
def stop_worker(cluster, fault):
    """Asked twice."""
    worker = cluster.workers[fault.worker]
    if not worker.is_up or worker.dying:
        return False
    worker.ask_to_end(fault.seconds)
    time.sleep(0.02)
    worker.ask_to_end(fault.seconds)
    return True


@kind("stop coordinator", weight=1, seconds=(0.0, 1.5))
def stop_coordinator(cluster, fault):
    if not cluster.coordinator.is_up or cluster.coordinator.dying:
        return False
    cluster.coordinator.ask_to_end(fault.seconds)
    return True


@kind("add worker", weight=1)
def add_worker(cluster, fault):
    if len(cluster.workers) >= 6:
        return False
    cluster.add_worker()
    return True
