#!/usr/bin/env python3
"""What a whole command takes over the same shards in one process that has opened everything, both in turn.

Use:    overhead.py JOB TOKENS [--rounds 5] [--threads 2]        TOKENS is a file with the number of the job's tokens
"""
import argparse, pathlib, re, statistics, sys, tempfile

from in_turn import Program

actdiff = pathlib.Path(__file__).resolve().parent.parent / ".build" / "release" / "actdiff"

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("job", type=pathlib.Path)
parser.add_argument("tokens", type=pathlib.Path)
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--threads", type=int, default=2)
options = parser.parse_args()


class Shards(Program):
    """`bench compute`, which says when each shard is done. It measures other things first."""

    def __init__(self, command, log):
        super().__init__(command, log, begins=r"^shard \d+: \d+ tokens$")
        # Tokens of the shards that are done, and after how many seconds it was seen to say so.
        self.done_by = [(0, 0.0)]

    def look(self):
        super().look()
        tokens = sum(map(int, re.findall(r"^shard \d+: (\d+) tokens$", self.text(), re.M)))
        if tokens > self.done_by[-1][0]:
            self.done_by.append((tokens, self.active))


def measured(folder):
    """Prompt tokens a second of the command, and of the shards after the first."""

    def command(*arguments):
        return [actdiff, *arguments, "--threads", options.threads]

    shards = Shards(command("bench", "compute", options.job, "--rounds", 1, "--shards", 100_000), folder / "shards.log")
    run = Program(command("run", options.job, "--out", folder / "out", "--top", 0, "--workers", 1), folder / "run.log")
    try:
        while not run.has_ended:
            for program in (shards, run):
                if not program.has_ended:
                    program.go_on()
                    program.watch()
                    program.stop()
        run.check()
        # What is left of the shards when the command has ended is not waited for.
        if shards.has_ended:
            shards.check()
        if len(shards.done_by) < 3:
            sys.exit(f"{options.job}: expected shards enough to measure them, found {len(shards.done_by) - 1} done:\n"
                     f"{shards.text()}")
        (first, begin), (last, end) = shards.done_by[1], shards.done_by[-1]
        return int(options.tokens.read_text()) / run.seconds, (last - first) / (end - begin)
    finally:
        for program in (shards, run):
            program.kill()


ratios = []
for _ in range(options.rounds):
    with tempfile.TemporaryDirectory() as folder:
        command, shards = measured(pathlib.Path(folder))
    ratios.append(command / shards)
    print(f"command {command:.0f}, shards {shards:.0f} tokens/s: {ratios[-1]:.3f}", flush=True)
print(f"the command, of its shards: {statistics.median(ratios):.3f} ({min(ratios):.3f}-{max(ratios):.3f})")
