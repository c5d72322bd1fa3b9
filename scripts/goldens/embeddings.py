#!/usr/bin/env python3
"""What a job at resid_pre of layer 0 must come to: there the residual stream is the embedding of each token alone.

Setup:  pip install numpy safetensors
Use:    embeddings.py FIXTURES OUT_FILE
        (Tests/ProcessTests/Fixtures, Tests/BundleTests/Goldens/embeddings.safetensors)

Base and prompts are the fixtures; the tuned checkpoint is the base with the embedding of token i + 1 at token i (the first
one's at the last). The dictionary has the fixture's weights and biases of its own; all in float64:
  x        = embedding of the token, as stored
  z        = (x - b_dec) @ W_enc + b_enc        b_enc[j] = (j % 7 - 3) / 32,  b_dec[i] = (i % 5 - 2) / 64
  standard a = max(z, 0)
  topk     a = max(z, 0) for the 8 largest z, 0 for the others
Text: every message as <|im_start|>role\\ncontent<|im_end|>\\n, then <|im_start|>assistant\\n; a token for each byte and each
<|...|>. Masks: all = all tokens but the first; content = tokens of the content; last = the last token. Over the masked
tokens T_p of prompts p, c = base, tuned:
  mean_c       = sum of a over all masked tokens / their number       density_c = share of them with a > 0
  delta        = mean_tuned - mean_base
  prompt_delta = mean over p of the sum over T_p of (a_tuned - a_base) / |T_p|
"""
import json, struct, sys
import numpy as np
from safetensors.numpy import load_file, save_file

K = 8


def main():
    fixtures, out = sys.argv[1:]
    embeddings = bfloat16(f"{fixtures}/base/model.safetensors", "model.embed_tokens.weight")
    checkpoints = dict(base=embeddings, tuned=np.roll(embeddings, -1, axis=0))
    ids = vocabulary(f"{fixtures}/base/tokenizer.json")
    prompts = [tokens(json.loads(line)["messages"], ids) for line in open(f"{fixtures}/prompts.jsonl", encoding="utf-8")]
    weights = load_file(f"{fixtures}/sae/sae_weights.safetensors")["W_enc"].astype(np.float64)
    width, latents = weights.shape
    b_enc, b_dec = (np.arange(latents) % 7 - 3) / 32, (np.arange(width) % 5 - 2) / 64
    used = sorted({token for prompt, _ in prompts for token in prompt})
    masks = dict(all=lambda n, content: [i > 0 for i in range(n)], content=lambda n, content: content,
        last=lambda n, content: [i == n - 1 for i in range(n)])
    golden = {}
    for rule in ["standard", "topk"]:
        encoded = {}
        for name, rows in checkpoints.items():
            z = (rows - b_dec) @ weights + b_enc
            encoded[name] = np.maximum(z, 0)
            ranked = -np.sort(-z, axis=1)
            margin = np.abs(z)
            if rule == "topk":
                encoded[name] = np.where(z >= ranked[:, K - 1:K], encoded[name], 0)
                margin = ranked[:, K - 1] - ranked[:, K]
            # Rounding to float32 must not decide about membership.
            assert margin[used].min() > 1e-5, margin[used].min()
            print(f"{rule} {name}: smallest distance from a threshold {margin[used].min():.1e}")
        for mask, chosen in masks.items():
            for key, values in columns(prompts, chosen, encoded).items():
                golden[f"{rule}/{mask}/{key}"] = values
    save_file(golden, out)


def columns(prompts, chosen, encoded):
    sums, active, count, prompt_delta = dict(base=0, tuned=0), dict(base=0, tuned=0), 0, 0
    for tokens, content in prompts:
        masked = np.array(tokens)[np.array(chosen(len(tokens), content))]
        count += len(masked)
        for name in sums:
            sums[name] = sums[name] + encoded[name][masked].sum(0)
            active[name] = active[name] + (encoded[name][masked] > 0).sum(0)
        prompt_delta = prompt_delta + (encoded["tuned"][masked] - encoded["base"][masked]).sum(0) / len(masked)
    result = {f"mean_{name}": sums[name] / count for name in sums} | {f"density_{name}": active[name] / count for name in sums}
    return result | dict(delta=result["mean_tuned"] - result["mean_base"], prompt_delta=prompt_delta / len(prompts))


def tokens(messages, ids):
    """Token ids, and which of them are of a message's content."""
    pieces = []
    for message in messages:
        pieces += [("<|im_start|>", 0), (message["role"] + "\n", 0), (message["content"], 1), ("<|im_end|>", 0), ("\n", 0)]
    pieces += [("<|im_start|>", 0), ("assistant\n", 0)]
    result = [(ids[unit], bool(content)) for text, content in pieces
        for unit in ([text] if text in ids else text.encode())]
    return [id for id, _ in result], [content for _, content in result]


def vocabulary(path):
    """Ids by byte, and by name for special tokens. Bytes are written as GPT-2 does it: printable ones as themselves, the
    others in order from U+0100 on."""
    tokenizer = json.load(open(path))
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    symbols = {byte: chr(byte) for byte in printable} | {byte: chr(0x100 + i) for i, byte in enumerate(others)}
    assert tokenizer["model"]["merges"] == []
    ids = {byte: tokenizer["model"]["vocab"][symbol] for byte, symbol in symbols.items()}
    return ids | {token["content"]: token["id"] for token in tokenizer["added_tokens"]}


def bfloat16(path, name):
    """A BF16 tensor as float64; numpy has no such type."""
    with open(path, "rb") as file:
        length, = struct.unpack("<Q", file.read(8))
        entry = json.loads(file.read(length))[name]
        assert entry["dtype"] == "BF16"
        start, end = entry["data_offsets"]
        file.seek(8 + length + start)
        halves = np.frombuffer(file.read(end - start), dtype="<u2").astype(np.uint32) << 16
    return halves.view(np.float32).astype(np.float64).reshape(entry["shape"])


if __name__ == "__main__":
    main()
