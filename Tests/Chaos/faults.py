"""The kinds of faults, and how each is done to a cluster.

A fault's function returns whether it had an effect: there is nobody to kill where everybody is dead already. Where that
is only known later, as with frames that have yet to come by, it returns the `Harm` that counts them.
"""
import random, socket, time
from dataclasses import dataclass
from typing import Callable

from cluster import MOST_WORKERS
from inputs import WAYS
from proxy import DOWN, UP, Harm

EVERYWHERE = ("direct", "proxy", "disk", "network", "keys", "lies", "inputs", "crowds", "upgrade")


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

def _worker(cluster, fault):
    """The fault's worker, or the next one that is up and not disturbed yet."""
    count = len(cluster.workers)
    for index in range(fault.worker, fault.worker + count):
        worker = cluster.workers[index % count]
        if worker.is_up and not worker.is_paused and not worker.dying:
            return worker
    return None


@kind("kill worker", seconds=(0.0, 1.5))
def kill_worker(cluster, fault):
    worker = _worker(cluster, fault)
    if worker is None:
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
    return _pause(cluster, _worker(cluster, fault), fault.seconds)


@kind("pause coordinator", weight=3, seconds=(0.3, 4.0))
def pause_coordinator(cluster, fault):
    return _pause(cluster, cluster.coordinator, fault.seconds)


def _pause(cluster, process, seconds):
    if process is None or not process.is_up or process.is_paused:
        return False
    process.pause()
    cluster.later(seconds, process.resume)
    return True


@kind("drain worker", weight=2, seconds=(0.0, 1.5))
def drain_worker(cluster, fault):
    worker = _worker(cluster, fault)
    if worker is None:
        return False
    worker.ask_to_end(fault.seconds)
    return True


@kind("stop worker at once", weight=1, seconds=(0.0, 1.5))
def stop_worker(cluster, fault):
    """Asked twice."""
    worker = _worker(cluster, fault)
    if worker is None:
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
    if len(cluster.workers) >= MOST_WORKERS:
        return False
    cluster.add_worker()
    return True


# Frames, by the proxy.

PROXIED = ("proxy", "keys")


def _harm(cluster, fault, what, channel=None, way=None):
    dice = random.Random(fault.dice)
    channel = channel or dice.choice(["control", "data"])
    way = way or dice.choice([UP, DOWN])
    harm = Harm(what, fault.amount, fault.dice, fault.seconds)
    cluster.between.harm(fault.worker, channel, way, harm)
    return harm


@kind("duplicate frames", PROXIED, amount=(1, 6))
def duplicate_frames(cluster, fault):
    return _harm(cluster, fault, "duplicate")


@kind("replay frames", PROXIED, seconds=(0.2, 4.0), amount=(1, 6))
def replay_frames(cluster, fault):
    """They come a second time, much later and perhaps on another connection."""
    return _harm(cluster, fault, "replay")


@kind("corrupt frames", PROXIED, weight=6, amount=(1, 4))
def corrupt_frames(cluster, fault):
    """A bit of each is another."""
    return _harm(cluster, fault, "corrupt")


@kind("corrupt results", PROXIED, weight=6, amount=(1, 4))
def corrupt_results(cluster, fault):
    return _harm(cluster, fault, "corrupt", "data", UP)


@kind("corrupt header", PROXIED)
def corrupt_header(cluster, fault):
    """Flags or length of a frame: from there on its receiver takes the stream for something else."""
    return _harm(cluster, fault, "corrupt header")


@kind("drop frames", PROXIED, amount=(1, 3))
def drop_frames(cluster, fault):
    return _harm(cluster, fault, "drop")


@kind("hold frames", PROXIED, weight=2, seconds=(0.2, 3.0), amount=(1, 2))
def hold_frames(cluster, fault):
    """They and all that follow come later."""
    return _harm(cluster, fault, "hold")


@kind("cut in a frame", PROXIED)
def cut_in_a_frame(cluster, fault):
    return _harm(cluster, fault, "cut")


@kind("reset connections", (*PROXIED, "lies"), weight=2)
def reset_connections(cluster, fault):
    return cluster.between.reset(fault.worker)


@kind("part one worker", PROXIED, weight=3, seconds=(0.5, 5.0))
def part_one_worker(cluster, fault):
    """A partition: nothing comes through and nobody is told."""
    cluster.between.stall([fault.worker], fault.seconds)
    return True


@kind("part all workers", PROXIED, weight=1, seconds=(0.5, 4.0))
def part_all_workers(cluster, fault):
    cluster.between.stall(range(len(cluster.between.links)), fault.seconds)
    return True


@kind("slow link", PROXIED, weight=2, seconds=(1.0, 4.0))
def slow_link(cluster, fault):
    cluster.between.slow(fault.worker, random.Random(fault.dice).uniform(0.02, 0.4))
    cluster.later(fault.seconds, lambda: cluster.between.slow(fault.worker, 0.0))
    return True


# Links between network namespaces. A worker's node is one more than its index; the coordinator's is 0.

NETWORK = ("network",)


@kind("unplug worker", NETWORK, weight=6, seconds=(0.3, 6.0))
def unplug_worker(cluster, fault):
    return _unplug(cluster, fault.worker + 1, fault.seconds)


@kind("unplug coordinator", NETWORK, weight=3, seconds=(0.3, 4.0))
def unplug_coordinator(cluster, fault):
    return _unplug(cluster, 0, fault.seconds)


def _unplug(cluster, node, seconds):
    cluster.site.part(node)
    cluster.later(seconds, lambda: cluster.site.join(node))
    return True


@kind("power off node", NETWORK, weight=5, seconds=(0.3, 3.0))
def power_off_node(cluster, fault):
    """The worker is gone, and no packet says so to the coordinator: its connection stays half open."""
    worker = cluster.workers[fault.worker]
    if not worker.is_up:
        return False
    _unplug(cluster, fault.worker + 1, fault.seconds)
    worker.kill(fault.seconds + 0.1)
    return True


@kind("slow network", NETWORK, weight=5, seconds=(1.0, 4.0))
def slow_network(cluster, fault):
    node = fault.dice % (len(cluster.workers) + 1)
    cluster.site.slow(node)
    cluster.later(fault.seconds, lambda: cluster.site.quicken(node))
    return True


# The disk.

@kind("fill disk", ("disk",), weight=10, seconds=(0.5, 5.0))
def fill_disk(cluster, fault):
    return _fill(cluster, fault.seconds)


@kind("fill disk and kill", ("disk",), weight=5, seconds=(0.5, 4.0))
def fill_disk_and_kill(cluster, fault):
    """The coordinator starts again before there is room."""
    if not cluster.coordinator.is_up or not _fill(cluster, fault.seconds):
        return False
    cluster.coordinator.kill(fault.seconds / 4)
    cluster.look_at_store()
    return True


def _fill(cluster, seconds):
    if cluster.disk.is_full:
        return False
    cluster.disk.fill()
    cluster.later(seconds, cluster.disk.free)
    return True


# Workers that lie, models that change, crowds, other builds.

@kind("lie", ("lies",), weight=20, amount=(1, 6))
def tell_lies(cluster, fault):
    """The first worker's next results have a wrong number each, under digests that are right for it."""
    if not cluster.begin_to_lie():
        return False
    harm = Harm("lie", fault.amount)
    cluster.between.harm(0, "data", UP, harm)
    return harm


@kind("change inputs", ("inputs",), weight=20, seconds=(0.02, 2.5))
def change_inputs(cluster, fault):
    """A file of the models is another for a while, and then what it was; or it stays the other one for longer."""
    way = WAYS[fault.dice % len(WAYS)]
    before = cluster.inputs.version
    cluster.inputs.become(1 - before, way)
    def undo():
        cluster.inputs.become(before, way)
        # Workers that have found the wrong version look again when they start.
        for worker in cluster.workers:
            if worker.is_up and not worker.dying and not worker.is_paused:
                worker.ask_to_end(0.0)
    if fault.dice % 5:
        cluster.later(fault.seconds, undo)
    return True


# Beyond what the coordinator may have open in this mode.
CROWD = 400


@kind("crowd at the door", ("crowds",), weight=15, seconds=(0.2, 3.0))
def crowd_at_the_door(cluster, fault):
    """More connections than there are descriptors, some of which say something."""
    strangers = []
    for index in range(CROWD):
        stranger = socket.socket()
        stranger.settimeout(0.05)
        try:
            stranger.connect((cluster.site.host, cluster.site.PORTS[index % len(cluster.site.PORTS)]))
            if index % 3 == 0:
                stranger.send(random.Random(fault.dice + index).randbytes(100))
            strangers.append(stranger)
        except OSError:
            stranger.close()

    def go():
        for stranger in strangers:
            stranger.close()
    cluster.later(fault.seconds, go)
    return len(strangers) > CROWD // 4


@kind("upgrade", ("upgrade",), weight=8, seconds=(0.0, 1.0))
def upgrade(cluster, fault):
    """Everybody ends, and starts again as another build of the program."""
    if not cluster.coordinator.is_up:
        return False
    cluster.upgrade(fault.seconds)
    return True
