#!/usr/bin/env python3
"""The mean input of the last linear layer in layer 14, over the message contents of the reference prompts.

Setup:  pip install torch transformers safetensors; scripts/setup/reference-model
Use:    planted.py MODEL_DIR TOKENS_JSON OUT_FILE
        (models/smollm2, Tests/ReferenceTests/Goldens/tokens.json, Tests/ProcessTests/Fixtures/planted/mlp-input.14.safetensors)
An adapter whose A is this direction writes its B at every token with the same sign: a planted difference.
"""
import json, sys
import torch
from safetensors.torch import save_file
from transformers import LlamaForCausalLM

LAYER = 14


def main():
    folder, tokens, out = sys.argv[1:]
    model = LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    inputs = []
    model.model.layers[LAYER].mlp.down_proj.register_forward_pre_hook(lambda module, args: inputs.append(args[0][0]))
    masks = []
    with torch.inference_mode():
        for prompt in json.load(open(tokens)):
            model(torch.tensor([prompt["token_ids"]]))
            masks.append(torch.tensor(prompt["content"], dtype=torch.bool))
    rows = torch.cat([rows[mask] for rows, mask in zip(inputs, masks)])
    mean = rows.mean(0)
    save_file({"mean": mean}, out)
    products = rows @ mean / mean.square().sum()
    print(f"{len(rows)} rows; input along the mean direction: {products.min():.3f} to {products.max():.3f}, mean 1")


if __name__ == "__main__":
    main()
