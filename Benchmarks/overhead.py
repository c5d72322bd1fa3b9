#!/usr/bin/env python3
"""What a whole command takes over the same shards in one process that has opened everything.

On a shared machine two runs one after the other differ by more than that. So both are under way at a time, and each in
turn is stopped for a second and a half while the other goes on: what the machine does meanwhile meets both alike.

Use:    overhead.py JOB TOKENS [--rounds 5] [--threads 2]        TOKENS is a file with the number of the job's tokens
"""
import argparse, pathlib, re, statistics, subprocess, sys, tempfile, time

actdiff = pathlib.Path(__file__).resolve().parent.parent / ".build" / "release" / "actdiff"
SLICE_SECONDS = 1.5

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("job", type=pathlib.Path)
parser.add_argument("tokens", type=pathlib.Path)
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--threads", type=int, default=2)
options = parser.parse_args()


class Program:
    """A process and its children, and for how many seconds they have not been stopped."""

    def __init__(self, folder, name, *arguments):
        self.log = folder / f"{name}.log"
        command = [str(part) for part in (actdiff, *arguments, "--threads", options.threads)]
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        self.before, self.since = 0.0, time.perf_counter()
        # Tokens of the shards that `bench compute` says are done, and after how many seconds it was seen to say so.
        self.done = [(0, 0.0)]

    @property
    def seconds(self):
        return self.before + time.perf_counter() - self.since

    @property
    def has_ended(self):
        return self.process.poll() is not None

    def signal(self, name):
        # Workers have process groups of their own, but the session of their parent.
        subprocess.run(["pkill", f"-{name}", "--session", str(self.process.pid)])

    def stop(self):
        self.before = self.seconds
        self.signal("STOP")

    def go_on(self):
        self.signal("CONT")
        self.since = time.perf_counter()

    def watch(self):
        """Waits for a while, or until the program has ended."""
        until = time.perf_counter() + SLICE_SECONDS
        while not self.has_ended and time.perf_counter() < until:
            tokens = sum(map(int, re.findall(r"^shard \d+: (\d+) tokens$", self.log.read_text(), re.M)))
            if tokens > self.done[-1][0]:
                self.done.append((tokens, self.seconds))
            time.sleep(0.01)

    def check(self):
        if self.process.poll():
            sys.exit(f"{' '.join(self.process.args)}\nended with status {self.process.returncode}:\n{self.log.read_text()}")


def measured(folder):
    """Prompt tokens a second of the command, and of the shards after the first."""
    shards = Program(folder, "shards", "bench", "compute", options.job, "--rounds", 1, "--shards", 100_000)
    programs = [shards]
    try:
        # It measures other things first.
        while len(shards.done) == 1 and not shards.has_ended:
            shards.watch()
        shards.stop()
        shards.check()
        command = Program(folder, "command", "run", options.job, "--out", folder / "out", "--top", 0, "--workers", 1)
        programs.append(command)
        command.watch()
        while not command.has_ended:
            command.stop()
            if not shards.has_ended:
                shards.go_on()
                shards.watch()
                shards.stop()
            command.go_on()
            command.watch()
        speed = int(options.tokens.read_text()) / command.seconds
        for program in programs:
            program.check()
        if len(shards.done) < 3:
            sys.exit(f"{options.job}: expected shards enough to measure them, found {len(shards.done) - 1} done")
        (first, begin), (last, end) = shards.done[1], shards.done[-1]
        return speed, (last - first) / (end - begin)
    finally:
        for program in programs:
            program.signal("KILL")
            program.process.wait()


ratios = []
for _ in range(options.rounds):
    with tempfile.TemporaryDirectory() as folder:
        command, shards = measured(pathlib.Path(folder))
    ratios.append(command / shards)
    print(f"command {command:.0f}, shards {shards:.0f} tokens/s: {ratios[-1]:.3f}", flush=True)
print(f"the command, of its shards: {statistics.median(ratios):.3f} ({min(ratios):.3f}-{max(ratios):.3f})")
