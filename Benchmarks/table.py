#!/usr/bin/env python3
"""One table of how fast actdiff is on this machine, against PyTorch in turn in the same run; see docs/performance.md.

Use:    scripts/bench PYTHON [--rounds 5] [--threads 2] [--part jobs|workers|compute]

Five rounds of all parts take more than an hour on two cores: whole jobs against PyTorch, one worker against two, and
forward pass and encode against plain products. `overhead.py` holds a command against its own shards.
"""
import argparse, json, os, pathlib, statistics, subprocess, sys, tempfile

from in_turn import Program, run_in_turn

root = pathlib.Path(__file__).resolve().parent.parent
actdiff = root / ".build" / "release" / "actdiff"
model = root / "models" / "smollm2"

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--part", choices=["jobs", "workers", "compute"], help="that part alone")
options = parser.parse_args()
figures, memory = {}, {}


def checked(command, **more):
    """What a program prints; what it says is shown only where it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\nended with status {done.returncode}:\n{done.stderr}")
    return done.stdout


def note(name, value):
    figures.setdefault(name, []).append(value)
    print(f"{name} {value:.1f}", file=sys.stderr, flush=True)


def bring_in(setting):
    """Has the system read all weights from the disk, so that no figure depends on what ran before."""
    for folder in [model, setting / "tuned", setting / "sae"]:
        for file in folder.glob("*.safetensors"):
            with open(file, "rb", buffering=0) as stream:
                while stream.read(1 << 20):
                    pass


def tokens(setting, name):
    return int((setting / ("tokens-long" if name == "long" else "tokens")).read_text())


class Job(Program):
    """A whole command."""

    def __init__(self, name, setting, workers, threads):
        self.name, self.setting, self.out = name, setting, tempfile.mkdtemp(dir=setting)
        # A process of its own, which tells the peak memory of the largest of this job's.
        script = (
            "import resource, subprocess, sys\n"
            "code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode\n"
            "print('peak', resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
            "sys.exit(code)")
        super().__init__([sys.executable, "-c", script, actdiff, "run", setting / f"{name}.yaml", "--out",
                          f"{self.out}/bundle", "--top", 0, "--workers", workers, "--threads", threads],
                         pathlib.Path(self.out) / "log")

    def note(self, key):
        """Prompt tokens a second, and MiB."""
        note(key, tokens(self.setting, self.name) / self.seconds)
        memory.setdefault(key, []).append(int(self.text().split()[-1]) / 1024)


class PyTorch(Program):
    """The same job in PyTorch, without loading its models."""

    def __init__(self, setting, prompts, *more):
        super().__init__(
            [sys.executable, root / "Benchmarks" / "pytorch.py", "--base", model, "--tuned", setting / "tuned", "--layer", 15,
             "--latents", 32768, "--k", 32, "--threads", options.threads, "--prompts", setting / f"{prompts}.jsonl", *more],
            setting / f"pytorch-{prompts}.log", begins="^begins$", ends="^{.*}$")

    def note(self, key):
        """Prompt tokens a second."""
        note(key, json.loads(self.text().splitlines()[-1])["prompt_tokens"] / self.seconds)


def sgemm(threads):
    """The best of some products of 2048 x 2048 matrices, in 10^9 operations a second, by two libraries."""
    script = f"""
import time, numpy, torch
torch.set_num_threads({threads})
a = numpy.random.default_rng(0).standard_normal((2048, 2048), dtype=numpy.float32)
t = torch.from_numpy(a)
def best(product):
    times = []
    for _ in range(15):
        start = time.perf_counter(); product(); times.append(time.perf_counter() - start)
    return 2 * 2048 ** 3 / min(times) / 1e9
print(best(lambda: a @ a), best(lambda: t @ t))
"""
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads))
    return map(float, checked([sys.executable, "-c", script], env=environment).split())


def spread(values, digits):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f}-{max(values):.{digits}f})"


def ratio(a, b, factor=1):
    return spread([factor * x / y for x, y in zip(figures[a], figures[b])], 2)


def measure_jobs(setting):
    # A quarter is enough for the slowest: lengths come in turn.
    lines = (setting / "prompts.jsonl").read_text().splitlines(keepends=True)
    quarter = setting / "quarter.jsonl"
    quarter.write_text("".join(lines[: len(lines) // 4]))
    for threads in {1, options.threads}:
        openblas, torch_product = sgemm(threads)
        note(f"OpenBLAS, {threads} threads", openblas)
        note(f"PyTorch's product, {threads} threads", torch_product)
    bring_in(setting)
    careful, naive = PyTorch(setting, "prompts"), PyTorch(setting, "quarter", "--naive")
    full, lora, series, again = (Job(name, setting, 1, options.threads) for name in ("full", "lora", "series", "full"))
    # What is compared with each other runs in turn, and takes about as long.
    run_in_turn([careful], [full, lora])
    run_in_turn([naive], [again])
    run_in_turn([series])
    for program, key in [(careful, "careful"), (full, "full"), (lora, "lora"), (series, "series"), (naive, "naive"),
                         (again, "full, beside naive")]:
        program.note(key)


def measure_workers(setting):
    bring_in(setting)
    one, *two = (Job("long", setting, workers, 1) for workers in (1, 2, 2))
    run_in_turn([one], two)
    one.note("one")
    # Both runs of two workers take about as long as the one of one.
    note("two", 2 * tokens(setting, "long") / sum(job.seconds for job in two))


def compute(setting):
    """Prints what `actdiff bench compute` says of jobs with several lengths of prompts."""
    for name, threads, shards in [("full", threads, 2) for threads in sorted({1, options.threads})] + [
            (f"length-{length}", options.threads, 100) for length in (32, 256, 2048)]:
        bring_in(setting)
        text = checked([actdiff, "bench", "compute", setting / f"{name}.yaml", "--threads", threads, "--rounds",
                        options.rounds, "--shards", shards])
        print(f"actdiff bench compute, {name}, {threads} threads:\n{text.rstrip()}", flush=True)


def print_jobs():
    print(f"{'':34}{'prompt tokens/s':>24}{'of careful PyTorch':>24}{'MiB':>8}")
    for key, text in [("careful", "PyTorch, careful"), ("naive", "PyTorch, naive"), ("full", "two full checkpoints"),
                      ("lora", "base and LoRA"), ("series", "base and 8 LoRA checkpoints")]:
        peak = f"{max(memory[key]):8.0f}" if key in memory else ""
        print(f"{text:34}{spread(figures[key], 0):>24}{ratio(key, 'careful'):>24}{peak}")
    print("two full checkpoints, of naive PyTorch:          ", ratio("full, beside naive", "naive"))
    print("8 checkpoints in one job, of 8 jobs of PyTorch:  ", ratio("series", "careful", 8))
    print("8 checkpoints in one job, of 8 jobs of actdiff:  ", ratio("series", "lora", 8))
    for name in sorted(name for name in figures if "threads" in name):
        print(f"{name + ', 2048 x 2048 x 2048:':49} {spread(figures[name], 0)} GFLOP/s")


def print_workers():
    for key, text in [("one", "1 worker x 1 thread"), ("two", "2 workers x 1 thread")]:
        print(f"two full checkpoints, {text}, tokens/s:", spread(figures[key], 0))
    print("2 workers of 1:", ratio("two", "one"))


with tempfile.TemporaryDirectory() as temporary:
    setting = pathlib.Path(temporary) / "setting"
    checked([sys.executable, root / "Benchmarks" / "setting.py", model, setting])
    for _ in range(options.rounds):
        if options.part in (None, "jobs"):
            measure_jobs(setting)
        if options.part in (None, "workers"):
            measure_workers(setting)
    if options.part in (None, "jobs"):
        print_jobs()
    if options.part in (None, "workers"):
        print_workers()
    if options.part in (None, "compute"):
        compute(setting)
