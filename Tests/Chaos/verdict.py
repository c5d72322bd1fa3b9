"""After a seed: is everything as if nothing had happened?"""
import json

from jobs import digests
from processes import Failure
from store import read

MEMORY_KIB = 400 * 1024


# What the coordinator logs where two results of one shard differ, or one is stored twice.
ALARMS = ("[Cluster] disputed", "[Cluster] late result differs", "[Cluster] convicted", "that should have none")


def examine(cluster, operator, jobs, outcome):
    """Raises Failure for anything that is not as it must be. The coordinator must have ended."""
    outcome.jobs = len(operator.saved)
    for job, folder in operator.saved.items():
        _compare(job, folder, jobs.quiet[_shape(job)], outcome)
    if outcome.mismatches:
        raise Failure(f"{outcome.mismatches} bundles differ from the quiet run's")
    _examine_store(cluster.place.state, operator, jobs, outcome)
    if needless := cluster.ledger.needless_grants():
        raise Failure(f"shards were handed out again after their commit: {', '.join(needless[:10])}")
    for line in open(cluster.coordinator.log, errors="replace"):
        if any(alarm in line for alarm in ALARMS):
            raise Failure(line.strip())
    for process in cluster.processes:
        if process.peak_kib > MEMORY_KIB:
            raise Failure(f"{process.name} took {process.peak_kib // 1024} MiB")


def _shape(job):
    return job.rsplit("-", 1)[0]


def _compare(job, folder, quiet, outcome):
    found = digests(folder)
    if found == quiet.files:
        return
    outcome.mismatches += 1
    differing = sorted(name for name in found.keys() | quiet.files.keys() if found.get(name) != quiet.files.get(name))
    shards = json.loads((folder / "manifest.json").read_text())["shards"]
    wrong = [index for index, pair in enumerate(zip(shards, quiet.shards)) if pair[0] != pair[1]]
    with open(folder.parent / "mismatches.txt", "a") as report:
        report.write(f"{job}: {differing}; shards whose results differ: {wrong}\n")


def _examine_store(state, operator, jobs, outcome):
    """Every shard was committed once, under an epoch that was handed out, with the quiet run's result."""
    states = dict(read(state, "SELECT id, state FROM jobs"))
    if states != {job: "done" for job in operator.saved}:
        raise Failure(f"the store has the jobs {states}, fetched are {sorted(operator.saved)}")
    if left := read(state, "SELECT COUNT(*) FROM results")[0][0]:
        raise Failure(f"{left} results are still in the store after all jobs ended")
    rows = read(state, """
        SELECT jobs.id, shard, digest, committedEpoch, epoch FROM shards JOIN jobs ON jobs.sequence = shards.job
        ORDER BY shards.job, shard""")
    twice = read(state, """
        SELECT jobs.id, shard, COUNT(*) FROM story JOIN jobs ON jobs.sequence = story.job WHERE event = 'committed'
        GROUP BY story.job, shard HAVING COUNT(*) > 1""")
    if twice:
        raise Failure(f"by their stories, shards were committed more than once: {twice[:10]}")
    by_job = {job: [] for job in states}
    for job, *row in rows:
        by_job[job].append(row)
    for job, shards in by_job.items():
        quiet = jobs.quiet[_shape(job)].shards
        if [shard for shard, *_ in shards] != list(range(len(quiet))):
            raise Failure(f"{job} has {len(shards)} shards, expected {len(quiet)}")
        for shard, digest, committed, epoch in shards:
            if digest != quiet[shard]:
                raise Failure(f"{job} shard {shard} has digest {digest}, the quiet run's is {quiet[shard]}")
            if committed is None or not 1 <= committed <= epoch:
                raise Failure(f"{job} shard {shard} was committed under epoch {committed} of {epoch}")
            outcome.shards += 1
            outcome.granted += epoch
