"""After a seed: is everything as if nothing had happened?"""
import json
from collections import Counter

from jobs import VERIFICATION, digests
from processes import Failure
from store import read

MEMORY_KIB = 400 * 1024

# What stands in the story of a shard whose results differ.
ALARMS = ("disputed", "convicted", "late result differs", "taken back")
# What the coordinator says, at any log level, where a result is stored twice.
STORED_TWICE = "a shard has a result already that should have none"


def examine(cluster, operator, jobs, outcome):
    """Raises Failure for anything that is not as it must be. The coordinator must have ended."""
    outcome.jobs = len(operator.saved)
    outcome.shapes = {shape(job) for job in operator.saved}
    outcome.cancelled = len(operator.cancelled)
    outcome.retried = operator.retried
    right = {job: _compare(job, folder, cluster, jobs, outcome) for job, folder in operator.saved.items()}
    if outcome.mismatches:
        raise Failure(f"{outcome.mismatches} bundles differ from the quiet run's")
    _examine_stories(cluster, outcome)
    _examine_store(cluster, operator, right, outcome)
    if needless := cluster.ledger.needless_grants():
        raise Failure(f"shards were handed out again after their commit: {', '.join(needless[:10])}")
    for line in open(cluster.coordinator.log, errors="replace"):
        if STORED_TWICE in line:
            raise Failure(line.strip())
    for process in cluster.processes:
        if process.peak_kib > MEMORY_KIB:
            raise Failure(f"{process.name} took {process.peak_kib // 1024} MiB")


def shape(job):
    return job.rsplit("-", 1)[0]


def _compare(job, folder, cluster, jobs, outcome):
    """The quiet run that a bundle is identical to: where models change, one version's, never a mixture of both."""
    found = digests(folder, cluster.models)
    versions = jobs.quiet[shape(job)] if cluster.inputs else jobs.quiet[shape(job)][:1]
    for quiet in versions:
        if found == quiet.files:
            if (folder / VERIFICATION).exists():
                _examine_verification(job, json.loads((folder / VERIFICATION).read_text()), quiet, outcome)
            return quiet
    outcome.mismatches += 1
    shards = json.loads((folder / "manifest.json").read_text())["shards"]
    for quiet in versions:
        names = sorted(name for name in found.keys() | quiet.files.keys() if found.get(name) != quiet.files.get(name))
        wrong = [index for index, pair in enumerate(zip(shards, quiet.shards)) if pair[0] != pair[1]]
        with open(folder.parent / "mismatches.txt", "a") as report:
            report.write(f"{job}: {names}; shards whose results differ: {wrong}\n")
    return None


def _examine_verification(job, found, quiet, outcome):
    """Every shard of a job with `verify: 1.0` was computed by two workers that agree, or by three of whom two do."""
    outcome.verified += found["agreed"] + found["disputed"]
    if found["shards"] != len(quiet.shards) or found["agreed"] + found["disputed"] != found["shards"]:
        raise Failure(f"{job}: {found}, expected all of {len(quiet.shards)} shards to be agreed upon")
    if found["voices"] < 2:
        raise Failure(f"{job} was verified by {found['voices']} voices")


def _examine_stories(cluster, outcome):
    """Nobody is accused but a liar."""
    events = Counter(dict(read(cluster.place.state, "SELECT event, COUNT(*) FROM story GROUP BY event")))
    outcome.alarms = Counter({event: events[event] for event in ALARMS if events[event]})
    # So that a story that calls things by other names does not pass for one without alarms.
    if outcome.jobs and not events["committed"]:
        raise Failure(f"no story says that a shard was committed: {dict(events)}")
    if outcome.alarms and cluster.liar is None:
        raise Failure(f"results are said to differ where nobody lied: {dict(outcome.alarms)}")
    convicted = read(cluster.place.state, "SELECT name, what FROM convictions")
    guilty = cluster.liar and f":{cluster.liar.pid}"
    for name, what in convicted:
        if not guilty or not name.endswith(guilty):
            raise Failure(f"{name} was convicted, and is innocent: {what}")
    outcome.convictions = len(convicted)


def _examine_store(cluster, operator, right, outcome):
    """Every shard was committed once, under an epoch that was handed out, with the quiet run's result."""
    state = cluster.place.state
    states = dict(read(state, "SELECT id, state FROM jobs"))
    if states != {job: "done" for job in right} | {job: "cancelled" for job in operator.cancelled}:
        raise Failure(f"the store has the jobs {states}, fetched are {sorted(right)}")
    if left := read(state, "SELECT COUNT(*) FROM results")[0][0]:
        raise Failure(f"{left} results are still in the store after all jobs ended")
    twice = read(state, """
        SELECT jobs.id, shard, COUNT(*) FROM story JOIN jobs ON jobs.sequence = story.job WHERE event = 'committed'
        GROUP BY story.job, shard HAVING COUNT(*) > 1""")
    if twice and not cluster.liar and not cluster.has_been_upgraded:
        raise Failure(f"by their stories, shards were committed more than once: {twice[:10]}")
    for job, quiet in right.items():
        rows = read(state, f"""
            SELECT shard, digest, committedEpoch, epoch FROM shards JOIN jobs ON jobs.sequence = shards.job
            WHERE jobs.id = '{job}' ORDER BY shard""")
        if [shard for shard, *_ in rows] != list(range(len(quiet.shards))):
            raise Failure(f"{job} has {len(rows)} shards, expected {len(quiet.shards)}")
        for shard, digest, committed, epoch in rows:
            if digest != quiet.shards[shard]:
                raise Failure(f"{job} shard {shard} has digest {digest}, the quiet run's is {quiet.shards[shard]}")
            if committed is None or not 1 <= committed <= epoch:
                raise Failure(f"{job} shard {shard} was committed under epoch {committed} of {epoch}")
            outcome.shards += 1
            outcome.granted += epoch
