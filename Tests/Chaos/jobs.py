"""The jobs that are disturbed, and what a bundle of theirs has to look like."""
import hashlib, json, os, random, shutil, subprocess
from dataclasses import dataclass
from pathlib import Path

FIXTURES = Path(__file__).resolve().parent.parent / "ProcessTests" / "Fixtures"


@dataclass(frozen=True)
class Shape:
    """How a job is cut: many shards of one prompt, or few whose results travel in several parts; and how many of them two
    workers compute."""
    name: str
    prompts: int
    shard_tokens: int
    verify: float = 0.0


SHAPES = {shape.name: shape for shape in [
    Shape("many", prompts=480, shard_tokens=1),
    Shape("wide", prompts=2400, shard_tokens=15_000),
    Shape("checked", prompts=160, shard_tokens=1, verify=1.0),
]}


@dataclass(frozen=True)
class Quiet:
    """What a job gives when nothing goes wrong: its bundle's files, and its shards' results, by digest."""
    files: dict[str, str]
    shards: list[str]


# A bundle's file that tells how the verification went, and so differs from run to run.
VERIFICATION = "verification.json"


class Jobs:
    """Job files in a folder, and the digests of the bundles that they give when nothing goes wrong."""

    def __init__(self, folder, actdiff, shapes):
        self.folder, self.actdiff, self.shapes = Path(folder), actdiff, shapes
        # For each shape one for each version of the models; the second is that of `inputs.Inputs`.
        self.quiet: dict[str, list[Quiet]] = {shape.name: [] for shape in shapes}
        for shape in self.shapes:
            self._write_prompts(shape)
            self.write(shape, self.folder, FIXTURES)

    def file(self, shape):
        return self.folder / f"{shape.name}.yaml"

    def run_quietly(self, environment, models=FIXTURES):
        """Computes the reference of each shape for a version of the models: one process tree, no faults."""
        version = len(self.quiet[self.shapes[0].name])
        folder = self.folder / f"quiet-{version}"
        folder.mkdir()
        for shape in self.shapes:
            out = folder / shape.name
            job = self.write(shape, folder, models)
            subprocess.run([self.actdiff, "run", job, "--out", out, "--top", "0"], check=True,
                env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=folder)
            manifest = json.loads((out / "manifest.json").read_text())
            self.quiet[shape.name].append(Quiet(digests(out, models), manifest["shards"]))

    def write(self, shape, folder, models):
        """Writes a job about models in a folder, its prompts beside it; returns its file."""
        prompts = f"{shape.name}.jsonl"
        if folder != self.folder:
            shutil.copy(self.folder / prompts, folder)
        file = folder / f"{shape.name}.yaml"
        file.write_text(f"""\
name: {shape.name}
base: {models}/base
tuned:
  - {{name: adapted, adapter: {models}/adapter}}
  - {{name: whole, checkpoint: {models}/tuned, control: true}}
prompts: {{path: {prompts}}}
hooks: [{{layer: 2, sae: {models}/sae}}]
masks: [all, content, last]
shard_tokens: {shape.shard_tokens}
permutations: 100
""" + (f"verify: {shape.verify}\n" if shape.verify else ""))
        return file

    def _write_prompts(self, shape):
        dice = random.Random(f"prompts of {shape.name}")
        words = [w for line in open(FIXTURES / "prompts.jsonl")
                 for w in json.loads(line)["messages"][0]["content"].rstrip(".?").split()]
        with open(self.folder / f"{shape.name}.jsonl", "w") as file:
            for index in range(shape.prompts):
                text = " ".join(dice.choices(words, k=dice.randint(4, 30)))[:180]
                message = {"role": "user", "content": text}
                file.write(json.dumps({"id": f"p{index}", "messages": [message]}) + "\n")


def digests(bundle, models=FIXTURES):
    """Every file of a bundle with its SHA-256; where the models of its job stood does not count."""
    contents = {name: (Path(bundle) / name).read_bytes() for name in sorted(os.listdir(bundle)) if name != VERIFICATION}
    stated = contents["manifest.json"]
    contents["manifest.json"] = stated.replace(str(models).encode(), b"MODELS")
    # It names the manifest by its digest.
    before, after = (hashlib.sha256(text).hexdigest().encode() for text in (stated, contents["manifest.json"]))
    contents["prompts.json"] = contents["prompts.json"].replace(before, after)
    return {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
