#!/usr/bin/env python3
"""The reference answer for exemplars, in float32 PyTorch + transformers + peft: what some latents do at every token under the
base and under a fine-tuned model, what they write to the logits, and which latents of the dictionary are near.

Setup:  pip install torch transformers peft safetensors numpy
Use:    exemplars.py [--out Tests/ReferenceTests/Goldens/exemplars.safetensors]

For latent j with decoder row d, u = d / |d|:
  base.j, tuned.j  activations at every token but the first of each prompt, prompts in file order
  lens.j           logits W_U . (g * u) of the tokens `ids`, g the weight of the final norm
  lens.statistics  [latents, 2]: mean and standard deviation (n) of all logits, float64
  highest, lowest  [latents, 10]: tokens at both ends of the logits; of equals the lower id first
  cosines          [latents, latents] of decoder rows
  nearest, nearest.cosines  [latents, 10]: the nearest other latents of the dictionary, of equals the lower first
"""
import argparse
import importlib.util
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

ROOT = Path(__file__).resolve().parents[2]
PERSONA = ROOT / "Examples/persona"
LATENTS = [482, 537, 1440, 2445, 2876]
LAYER = 15
ENDS = 10


def reference():
    spec = importlib.util.spec_from_file_location("reference", Path(__file__).with_name("reference.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def activations(model, sae, prompts):
    rows = []
    with torch.inference_mode():
        for _, ids, _ in prompts:
            h = model(torch.tensor([ids]), output_hidden_states=True, use_cache=False).hidden_states[LAYER + 1][0]
            rows.append(sae.encode(h)[1:, LATENTS])
    return torch.cat(rows).numpy()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", default=str(ROOT / "Tests/ReferenceTests/Goldens/exemplars.safetensors"))
    out = parser.parse_args().out
    oracle = reference()
    folder = str(ROOT / "models/smollm2")
    tokenizer, sae = AutoTokenizer.from_pretrained(folder), oracle.SAE(str(PERSONA / "sae"))
    lines = (PERSONA / "prompts/open-questions.jsonl").read_text().splitlines()
    prompts = [oracle.tokenise(tokenizer, json.loads(line)["messages"]) for line in lines]
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    tensors = {}
    seen = activations(base, sae, prompts)
    tuned = activations(oracle.load_tuned(folder, str(PERSONA / "adapters/villain/step-120")), sae, prompts)
    for column, latent in enumerate(LATENTS):
        tensors[f"base.{latent}"] = np.ascontiguousarray(seen[:, column])
        tensors[f"tuned.{latent}"] = np.ascontiguousarray(tuned[:, column])

    units = sae.W_dec / sae.W_dec.norm(dim=-1, keepdim=True)
    chosen = units[LATENTS]
    with torch.inference_mode():
        logits = (base.lm_head.weight @ (base.model.norm.weight * chosen).T).T.numpy()
    order = np.argsort(-logits, axis=1, kind="stable")
    back = np.argsort(logits, axis=1, kind="stable")
    ids = np.unique(np.concatenate([np.arange(0, logits.shape[1], 16), order[:, :ENDS].ravel(), back[:, :ENDS].ravel()]))
    tensors["ids"] = ids.astype(np.int64)
    for row, latent in enumerate(LATENTS):
        tensors[f"lens.{latent}"] = np.ascontiguousarray(logits[row, ids])
    wide = logits.astype(np.float64)
    tensors["lens.statistics"] = np.stack([wide.mean(1), wide.std(1)], axis=1)
    tensors["highest"] = order[:, :ENDS].astype(np.int64).copy()
    tensors["lowest"] = back[:, :ENDS].astype(np.int64).copy()
    tensors["cosines"] = (chosen @ chosen.T).numpy().copy()
    others = (chosen @ units.T).numpy()
    others[np.arange(len(LATENTS)), LATENTS] = -np.inf
    nearest = np.argsort(-others, axis=1, kind="stable")[:, :ENDS]
    tensors["nearest"] = nearest.astype(np.int64).copy()
    tensors["nearest.cosines"] = np.take_along_axis(others, nearest, 1).copy()
    save_file(tensors, out)
    print(f"{out}: {sum(t.nbytes for t in tensors.values())} bytes")


if __name__ == "__main__":
    main()
