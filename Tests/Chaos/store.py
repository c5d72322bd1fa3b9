"""The coordinator's database, read from a copy: what is committed, and whether it stays so."""
import shutil, sqlite3, tempfile
from pathlib import Path

from processes import Failure

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
        # (job, shard, build of the program that planned the job): (digest, epoch of the commit)
        self.commits = {}
        # The same: the highest epoch handed out when the commit was first seen.
        self.granted = {}
        self.looks = 0

    def look(self):
        """Raises Failure where a commit that was there is gone or another."""
        self.looks += 1
        rows = read(self.state, """
            SELECT jobs.id, shard, build, digest, committedEpoch, epoch
            FROM shards JOIN jobs ON jobs.sequence = shards.job
            WHERE digest IS NOT NULL OR committedEpoch IS NOT NULL""")
        builds = dict(read(self.state, "SELECT id, build FROM jobs"))
        now = {tuple(key): (digest, committed) for *key, digest, committed, _ in rows}
        for (job, shard, build), commit in self.commits.items():
            # What another build computed may be thrown away, and a liar's results are taken back.
            found = now.get((job, shard, build))
            if found != commit and builds.get(job) == build and not self._has_convicted():
                raise Failure(f"{job} shard {shard} was committed as {commit}, and is now {found}")
        for *key, _, _, epoch in rows:
            self.granted.setdefault(tuple(key), epoch)
        self.commits = now

    def in_flight(self):
        """Shards that are handed out and not committed. The coordinator must be dead."""
        return read(self.state, "SELECT COUNT(*) FROM shards WHERE epoch > 0 AND digest IS NULL")[0][0]

    def needless_grants(self):
        """Leases of shards that were in the store already, and were not to be verified. The coordinator must be dead."""
        rows = read(self.state, """
            SELECT jobs.id, shard, build, epoch FROM shards JOIN jobs ON jobs.sequence = shards.job WHERE verify = 0""")
        return [f"{job} shard {shard} epoch {epoch}" for job, shard, build, epoch in rows
                if epoch > self.granted.get((job, shard, build), epoch)]

    def _has_convicted(self):
        return bool(read(self.state, "SELECT 1 FROM convictions LIMIT 1"))
