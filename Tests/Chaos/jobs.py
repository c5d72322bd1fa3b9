"""The jobs that are disturbed, and what a bundle of theirs has to look like."""
import hashlib, json, os, random, subprocess
from dataclasses import dataclass
from pathlib import Path

FIXTURES = Path(__file__).resolve().parent.parent / "ProcessTests" / "Fixtures"


@dataclass(frozen=True)
class Shape:
    """How a job is cut: many shards of one prompt, or few whose results travel in several parts."""
    name: str
    prompts: int
    shard_tokens: int


SHAPES = {shape.name: shape for shape in [
    Shape("many", prompts=480, shard_tokens=1),
    Shape("wide", prompts=2400, shard_tokens=15_000),
]}


@dataclass(frozen=True)
class Quiet:
    """What a job gives when nothing goes wrong: its bundle's files, and its shards' results, by digest."""
    files: dict[str, str]
    shards: list[str]


class Jobs:
    """Job files in a folder, and the digests of the bundles that they give when nothing goes wrong."""

    def __init__(self, folder, actdiff, shapes):
        self.folder, self.actdiff, self.shapes = Path(folder), actdiff, shapes
        self.quiet: dict[str, Quiet] = {}
        for shape in self.shapes:
            self._write(shape)

    def file(self, shape):
        return self.folder / f"{shape.name}.yaml"

    def run_quietly(self, environment):
        """Computes the reference of each shape: one process tree, no faults."""
        for shape in self.shapes:
            out = self.folder / f"{shape.name}.quiet"
            subprocess.run([self.actdiff, "run", self.file(shape), "--out", out, "--top", "0"], check=True,
                env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=self.folder)
            manifest = json.loads((out / "manifest.json").read_text())
            self.quiet[shape.name] = Quiet(digests(out), manifest["shards"])

    def _write(self, shape):
        dice = random.Random(f"prompts of {shape.name}")
        words = [w for line in open(FIXTURES / "prompts.jsonl")
                 for w in json.loads(line)["messages"][0]["content"].rstrip(".?").split()]
        with open(self.folder / f"{shape.name}.jsonl", "w") as file:
            for index in range(shape.prompts):
                text = " ".join(dice.choices(words, k=dice.randint(4, 30)))[:180]
                message = {"role": "user", "content": text}
                file.write(json.dumps({"id": f"p{index}", "messages": [message]}) + "\n")
        self.file(shape).write_text(f"""\
name: {shape.name}
base: {FIXTURES}/base
tuned:
  - {{name: adapted, adapter: {FIXTURES}/adapter}}
  - {{name: whole, checkpoint: {FIXTURES}/tuned, control: true}}
prompts: {{path: {shape.name}.jsonl}}
hooks: [{{layer: 2, sae: {FIXTURES}/sae}}]
masks: [all, content, last]
shard_tokens: {shape.shard_tokens}
permutations: 100
""")


def digests(bundle):
    """Every file of a bundle with its SHA-256."""
    return {name: hashlib.sha256((Path(bundle) / name).read_bytes()).hexdigest() for name in sorted(os.listdir(bundle))}
