#!/usr/bin/env python3
"""Writes what scripts/bench measures with into a folder: a full tuned checkpoint (the base with a little noise in every
weight), a random SAE of 32,768 latents in SAELens' format, prompts of 24 to 256 tokens, and jobs over them; also a job of
three times as many such prompts, and jobs of 20,000 tokens each in prompts of one length, 32, 256 or 2,048.

Use:    setting.py BASE FOLDER
"""
import json, pathlib, random, shutil, sys
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer

base, folder = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
persona = pathlib.Path(__file__).resolve().parent.parent / "Examples" / "persona"
generator = torch.Generator().manual_seed(0)
random.seed(0)

tuned = folder / "tuned"
tuned.mkdir(parents=True)
for file in base.iterdir():
    if file.suffix != ".safetensors":
        shutil.copy(file, tuned)
        continue
    tensors = load_file(file)
    for name, value in tensors.items():
        noise = torch.randn(value.shape, generator=generator) * value.float().std() * 0.01
        tensors[name] = (value.float() + noise).to(value.dtype)
    save_file(tensors, tuned / file.name, metadata={"format": "pt"})

width, latents = 576, 32768
encoder = torch.randn(width, latents, generator=generator) / width**0.5
sae = folder / "sae"
sae.mkdir()
save_file(
    {"W_enc": encoder, "b_enc": torch.zeros(latents), "W_dec": encoder.T.contiguous(), "b_dec": torch.zeros(width)},
    sae / "sae_weights.safetensors")
config = json.load(open(persona / "sae" / "cfg.json"))
json.dump(config | {"d_sae": latents, "dtype": "float32"}, open(sae / "cfg.json", "w"))

# Words that are one token each, so that a prompt has as many tokens as words.
tokenizer = AutoTokenizer.from_pretrained(base)
words = [tokenizer.decode([token]) for token in range(1000, 6000)]
words = [word for word in words if word.startswith(" ") and word[1:].isalpha() and word.isascii()]


def write_prompts(name, lengths):
    """Returns how many tokens they have, by the tokenizer itself."""
    count = 0
    with open(folder / f"{name}.jsonl", "w") as out:
        for index, length in enumerate(lengths):
            text = "".join(random.choices(words, k=length))
            count += len(tokenizer(text).input_ids)
            out.write(json.dumps({"id": f"p{index}", "text": text}) + "\n")
    return count


def write_job(name, tuned, sae, prompts="prompts"):
    lines = [f"name: {name}", f"base: {base}", "tuned:"]
    lines += [f"  - {{name: {label}, {form}: {path}}}" for label, form, path in tuned]
    lines += [f"prompts: {{path: {prompts}.jsonl}}", "hooks:", f"  - {{layer: 15, sae: {sae}}}", "masks: [all]"]
    (folder / f"{name}.yaml").write_text("\n".join(lines) + "\n")


lengths = [24, 40, 64, 96, 128, 192, 256] * 28
(folder / "tokens").write_text(str(write_prompts("prompts", lengths)))
(folder / "tokens-long").write_text(str(write_prompts("prompts-long", lengths * 3)))
for length in (32, 256, 2048):
    write_prompts(f"length-{length}", [length] * -(-20000 // length))
    write_job(f"length-{length}", [("tuned", "checkpoint", tuned)], sae, prompts=f"length-{length}")
adapters = [persona / "adapters" / "villain" / f"step-{step:03d}" for step in (10, 20, 40, 80, 120)] * 2
write_job("full", [("tuned", "checkpoint", tuned)], sae)
write_job("long", [("tuned", "checkpoint", tuned)], sae, prompts="prompts-long")
write_job("lora", [("villain", "adapter", adapters[4])], sae)
write_job("series", [(f"step-{index}", "adapter", path) for index, path in enumerate(adapters[:8])], sae)
