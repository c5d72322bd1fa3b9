"""Small bundles, made by the program itself from the tiny models of Tests/ProcessTests/Fixtures."""
import hashlib
import json
import os
import shutil
import struct
import subprocess
from pathlib import Path

FIXTURES = Path(__file__).resolve().parent.parent / "ProcessTests" / "Fixtures"
WIDTH = 32

# Names that try to become markup, to hide, to turn the line around, or to flood the page. A quote or a bracket with a
# combining accent is one character to some programs, and two to a browser.
HOSTILE = [
    "</script><script>window.evil = 1</script>",
    '"><img src=x onerror="window.evil = 2">',
    '"\u0301 onmouseover="window.evil = 3" x="',
    "<\u0338script>window.evil = 4</script>",
    "&lt;b&gt; &amp; <!-- -->",
    "\u202egnp.exe\u202c and \u2066isolated\u2069",
    "zero\u200bwidth\u200djoiner\ufeff",
    "bell\u0007 escape\u001b[31m null\u0000",
    "עברית and עוד",
    "a" + "\u0301" * 3000,
    "word " * 2000,
    "{{{style}}} {{> page}} {{#results}}",
]


class Program:
    """The program, with a cache of its own."""

    def __init__(self, path, folder):
        self.path, self.folder = str(path), Path(folder)
        self.environment = dict(os.environ, XDG_CACHE_HOME=str(self.folder / "cache"))

    def run(self, *arguments):
        return subprocess.run(
            [self.path, *map(str, arguments)], cwd=self.folder, env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def must(self, *arguments):
        end = self.run(*arguments)
        if end.returncode != 0:
            raise SystemExit(f"actdiff {' '.join(map(str, arguments))}: {end.returncode}\n{end.stderr}")
        return end.stdout

    def bundle(self, name, job):
        (self.folder / f"{name}.yaml").write_text(job)
        self.must("run", f"{name}.yaml", "--out", name, "--top", 1, "--mask", "content")
        return self.folder / name


def job(name, tuned, hooks, more=""):
    return f"""name: {name}
base: {FIXTURES}/base
tuned: [{", ".join(tuned)}]
prompts: {{path: {FIXTURES}/prompts.jsonl}}
hooks: [{", ".join(hooks)}]
masks: [all, content]
{more}
"""


ADAPTED = f"{{name: adapted, adapter: {FIXTURES}/adapter}}"
WHOLE = f"{{name: whole, checkpoint: {FIXTURES}/tuned, control: true}}"
SAE = f"{{layer: 2, sae: {FIXTURES}/sae}}"


def plain(program):
    """A tuned checkpoint with a control."""
    return program.bundle("plain", job("plain", [ADAPTED, WHOLE], [SAE]))


def series(program):
    """Five checkpoints, the last of which is the base itself: nothing differs."""
    tuned = [f"{{name: step-{at}, adapter: {FIXTURES}/adapter}}" for at in range(3)]
    tuned += [f"{{name: step-3, checkpoint: {FIXTURES}/tuned}}", f"{{name: step-4, checkpoint: {FIXTURES}/base}}"]
    return program.bundle("series", job("series", tuned, [SAE]))


def hostile(program):
    """Directions in a partial bundle whose manifest was changed by somebody hostile: the program itself refuses such names."""
    header, body = {}, b""
    for at in range(len(HOSTILE)):
        vector = [float((place * (7 + at) + at) % 11 - 5) for place in range(WIDTH)]
        header[f"vector {at:02}"] = {"dtype": "F32", "shape": [WIDTH], "data_offsets": [len(body), len(body) + 4 * WIDTH]}
        body += struct.pack(f"<{WIDTH}f", *vector)
    text = json.dumps(header).encode()
    (program.folder / "vectors.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + body)
    made = program.bundle(
        "directions", job("directions", [ADAPTED, WHOLE], [SAE, "{layer: 1, directions: vectors.safetensors}"]))
    folder = program.folder / "hostile"
    shutil.copytree(made, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    next(iter(manifest["inputs"]["directions"].values()))["names"] = HOSTILE
    manifest["job"]["name"] = HOSTILE[0]
    manifest["job"]["base"] = "models/" + HOSTILE[2]
    manifest["actdiff"] = HOSTILE[1]
    manifest["shards"].append(None)
    manifest["partial"] = {
        "prompts_missing": 2,
        "shards": [{
            "shard": len(manifest["shards"]) - 1, "prompts": 2, "tokens": 20,
            "error": {"place": "/home/someone/secret", "expected": HOSTILE[3], "found": HOSTILE[5]}}],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    records = json.loads((folder / "prompts.json").read_text())
    records["manifest"] = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    records["ids"][:len(HOSTILE)] = HOSTILE
    (folder / "prompts.json").write_text(json.dumps(records))
    return folder


def exemplars(program, ranking):
    """Exemplars of the latents of a ranking, from texts that somebody hostile wrote."""
    corpus = program.folder / "corpus.jsonl"
    lines = [{"id": HOSTILE[at % len(HOSTILE)] + str(at), "text": f"{text} The moon is bread {at}. " + "🙂é" * 9}
             for at, text in enumerate(HOSTILE * 3)]
    lines.append({"id": "long", "text": "x" * 10_000})
    corpus.write_text("".join(json.dumps(line) + "\n" for line in lines))
    (program.folder / "exemplars.yaml").write_text(f"""
kind: exemplars
name: exemplars
base: {FIXTURES}/base
tuned: [{ADAPTED}]
corpus: {{path: corpus.jsonl, context: 40}}
hooks: [{{layer: 2, sae: {FIXTURES}/sae, latents: {{from: {ranking.relative_to(program.folder)}, top: 20, bottom: 20}}}}]
max_norm: none
""")
    program.must("run", "exemplars.yaml", "--out", "exemplars")
    return program.folder / "exemplars"
