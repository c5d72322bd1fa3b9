"""The coordinator's database, read from a copy: what is committed, and whether it stays so."""
import re, shutil, sqlite3, tempfile
from pathlib import Path

from processes import Failure

GRANT = re.compile(r"epoch=(\d+) job=(\S+) shard=(\d+) worker=\S+ \[Cluster\] leased")


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
            if not base.execute("SELECT 1 FROM sqlite_master WHERE name = 'shards'").fetchone():
                return []
            return base.execute(query).fetchall()
        finally:
            base.close()


class Ledger:
    """All commits seen so far in the state folder, and where the coordinator's log was at the time."""

    def __init__(self, state, log):
        self.state, self.log = state, Path(log)
        self.commits = {}       # (job, shard): (digest, epoch)
        self.seen_at = {}       # (job, shard): bytes of log before which it was seen
        self.looks = 0

    def look(self):
        """Raises Failure where a commit that was there is gone or another."""
        self.looks += 1
        rows = read(self.state, """
            SELECT jobs.id, shard, digest, committedEpoch FROM shards JOIN jobs ON jobs.sequence = shards.job
            WHERE digest IS NOT NULL OR committedEpoch IS NOT NULL""")
        now = {(job, shard): (digest, epoch) for job, shard, digest, epoch in rows}
        for key, commit in self.commits.items():
            if now.get(key) != commit:
                raise Failure(f"{key[0]} shard {key[1]} was committed as {commit}, and is now {now.get(key)}")
        size = self.log.stat().st_size
        for key in now:
            self.seen_at.setdefault(key, size)
        self.commits = now

    def in_flight(self):
        """Shards that are handed out and not committed. The coordinator must be dead."""
        return read(self.state, "SELECT COUNT(*) FROM shards WHERE epoch > 0 AND digest IS NULL")[0][0]

    def needless_grants(self):
        """Leases of shards that were in the store already."""
        needless = []
        with open(self.log, errors="replace") as log:
            place = 0
            for line in log:
                place += len(line.encode())
                if match := GRANT.search(line):
                    seen = self.seen_at.get((match[2], int(match[3])))
                    if seen is not None and place > seen:
                        needless.append(f"{match[2]} shard {match[3]} epoch {match[1]}")
        return needless
