"""The coordinator's database, read from a copy: what is committed, and whether it stays so."""
import shutil, sqlite3, tempfile
from pathlib import Path

from processes import Failure

ENDED = ("done", "partial", "failed", "cancelled")


def read(state, query):
    """Rows of a query. The coordinator must be dead: its files are copied, so that reading changes nothing."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("jobs.sqlite", "jobs.sqlite-wal"):
            if (Path(state) / name).exists():
                shutil.copy(Path(state) / name, folder)
        if not (Path(folder) / "jobs.sqlite").exists():
            return []
        base = sqlite3.connect(Path(folder) / "jobs.sqlite")
        try:
            # Its tables come one after the other when it is made.
            if not base.execute("SELECT 1 FROM sqlite_master WHERE name = 'convictions'").fetchone():
                return []
            return base.execute(query).fetchall()
        finally:
            base.close()


class Ledger:
    """All commits seen so far in the state folder."""

    def __init__(self, state):
        self.state = state
        self.commits = {}       # (job, shard): (digest, epoch of the commit)
        self.granted = {}       # (job, shard): the highest epoch handed out when the commit was first seen
        self.looks = 0

    def look(self):
        """Raises Failure where a commit that was there is gone or another."""
        self.looks += 1
        rows = read(self.state, """
            SELECT jobs.id, shard, digest, committedEpoch, epoch FROM shards JOIN jobs ON jobs.sequence = shards.job
            WHERE digest IS NOT NULL OR committedEpoch IS NOT NULL""")
        now = {(job, shard): (digest, committed) for job, shard, digest, committed, _ in rows}
        for key, commit in self.commits.items():
            # A liar's results are taken back.
            if now.get(key) != commit and not self._has_convicted():
                raise Failure(f"{key[0]} shard {key[1]} was committed as {commit}, and is now {now.get(key)}")
        for job, shard, *_, epoch in rows:
            self.granted.setdefault((job, shard), epoch)
        self.commits = now

    def forget_open_jobs(self):
        """What another build computed of a job that has not ended is thrown away. The coordinator must be dead."""
        states = dict(read(self.state, "SELECT id, state FROM jobs"))
        for what in (self.commits, self.granted):
            for key in [key for key in what if states.get(key[0]) not in ENDED]:
                del what[key]

    def in_flight(self):
        """Shards that are handed out and not committed. The coordinator must be dead."""
        return read(self.state, "SELECT COUNT(*) FROM shards WHERE epoch > 0 AND digest IS NULL")[0][0]

    def needless_grants(self):
        """Leases of shards that were in the store already, and were not to be verified. The coordinator must be dead."""
        rows = read(self.state, """
            SELECT jobs.id, shard, epoch FROM shards JOIN jobs ON jobs.sequence = shards.job WHERE verify = 0""")
        return [f"{job} shard {shard} epoch {epoch}" for job, shard, epoch in rows
                if epoch > self.granted.get((job, shard), epoch)]

    def _has_convicted(self):
        return bool(read(self.state, "SELECT 1 FROM convictions LIMIT 1"))
