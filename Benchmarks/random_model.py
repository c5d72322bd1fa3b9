#!/usr/bin/env python3
"""A random Llama-shaped model pair of any size, a random SAE, prompts and a job, to measure memory and speed with.

The tuned checkpoint is the base with a little noise in every layer from --frozen on. Weights are bfloat16, written piece
by piece into safetensors files below 2 GB. Nothing but numpy is needed, and no more memory than one piece takes.

Use:    random_model.py --like models/smollm2 --hidden 3072 --inner 8192 --layers 26 OUT      (2 x 6 GB)
Writes OUT/base, OUT/tuned, OUT/sae, OUT/prompts.jsonl, OUT/tokens (how many the prompts have) and OUT/job.yaml.
"""
import argparse, json, pathlib, random, shutil, struct, zlib
import numpy as np

SCALE, NOISE = 0.02, 0.002
LARGEST_FILE = 2_000_000_000
PIECE = 1 << 24  # elements that are made at a time


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--like", required=True, type=pathlib.Path, help="folder whose tokenizer and vocabulary to take")
    parser.add_argument("--hidden", type=int, default=1024)
    parser.add_argument("--inner", type=int, default=3072)
    parser.add_argument("--layers", type=int, default=8)
    parser.add_argument("--head-size", type=int, default=64)
    parser.add_argument("--group", type=int, default=4, help="query heads for each key and value head")
    parser.add_argument("--frozen", type=int, default=0, help="layers that are the same in both; the embedding always is")
    parser.add_argument("--latents", type=int, default=16384)
    parser.add_argument("--prompts", type=int, default=98)
    parser.add_argument("--shard-tokens", type=int, default=4096)
    parser.add_argument("out", type=pathlib.Path)
    a = parser.parse_args()
    heads = a.hidden // a.head_size
    if a.hidden % a.head_size or heads % a.group:
        parser.error(f"{heads} heads of {a.head_size} in groups of {a.group} do not make up {a.hidden}")
    config = json.load(open(a.like / "config.json"))
    config |= dict(
        hidden_size=a.hidden, intermediate_size=a.inner, num_hidden_layers=a.layers, num_attention_heads=heads,
        num_key_value_heads=heads // a.group, head_dim=a.head_size, tie_word_embeddings=True)
    shapes = tensors(config)
    for name, frozen in [("base", None), ("tuned", a.frozen)]:
        write_model(a.out / name, a.like, config, shapes, frozen)
    write_sae(a.out / "sae", a.hidden, a.latents, a.layers - 1)
    write_prompts(a.out, a.like, a.prompts)
    (a.out / "job.yaml").write_text(
        f"name: memory\nbase: base\ntuned: [{{name: tuned, checkpoint: tuned}}]\nprompts: {{path: prompts.jsonl}}\n"
        f"hooks: [{{layer: {a.layers - 1}, sae: sae}}]\nmasks: [all]\nshard_tokens: {a.shard_tokens}\n")


def tensors(config):
    """Shapes by name; norms have one extent."""
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    queries = config["num_attention_heads"] * config["head_dim"]
    keys = config["num_key_value_heads"] * config["head_dim"]
    shapes = {"model.embed_tokens.weight": (config["vocab_size"], hidden)}
    for layer in range(config["num_hidden_layers"]):
        for part, shape in {
            "input_layernorm": (hidden,), "self_attn.q_proj": (queries, hidden), "self_attn.k_proj": (keys, hidden),
            "self_attn.v_proj": (keys, hidden), "self_attn.o_proj": (hidden, queries),
            "post_attention_layernorm": (hidden,), "mlp.gate_proj": (inner, hidden), "mlp.up_proj": (inner, hidden),
            "mlp.down_proj": (hidden, inner),
        }.items():
            shapes[f"model.layers.{layer}.{part}.weight"] = shape
    shapes["model.norm.weight"] = (hidden,)
    return shapes


def pieces(name, shape, frozen):
    """A tensor's bytes, piece by piece. The same name gives the same tensor; one that is tuned gains noise."""
    base = np.random.Generator(np.random.SFC64(zlib.crc32(name.encode())))
    noise = np.random.Generator(np.random.SFC64(zlib.crc32(name.encode()) + 1))
    is_tuned = frozen is not None and name.startswith("model.layers.") and int(name.split(".")[2]) >= frozen
    count = int(np.prod(shape))
    for first in range(0, count, PIECE):
        size = min(PIECE, count - first)
        values = np.ones(size, np.float32) if len(shape) == 1 else base.standard_normal(size, np.float32) * SCALE
        if is_tuned:
            values = values + noise.standard_normal(size, np.float32) * np.float32(NOISE)
        bits = values.astype(np.float32, copy=False).view(np.uint32)
        # To the nearest bfloat16, halves to even.
        yield ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2").tobytes()


def write_model(folder, like, config, shapes, frozen):
    folder.mkdir(parents=True)
    for file in like.iterdir():
        if file.name.startswith("tokenizer") or file.name in ("vocab.json", "merges.txt", "special_tokens_map.json"):
            shutil.copy(file, folder)
    json.dump(config, open(folder / "config.json", "w"), indent=1)
    files, room = [], 0
    for name, shape in shapes.items():
        size = 2 * int(np.prod(shape))
        if size > room:
            files.append([])
            room = LARGEST_FILE
        files[-1].append(name)
        room -= size
    places = {}
    for index, names in enumerate(files):
        file = f"model-{index + 1:05d}-of-{len(files):05d}.safetensors"
        write_safetensors(folder / file, {n: ("BF16", shapes[n], pieces(n, shapes[n], frozen)) for n in names})
        places |= {name: file for name in names}
    json.dump({"metadata": {}, "weight_map": places}, open(folder / "model.safetensors.index.json", "w"), indent=1)


def write_safetensors(path, entries):
    header, end = {}, 0
    for name, (dtype, shape, _) in entries.items():
        begin, end = end, end + int(np.prod(shape)) * {"BF16": 2, "F32": 4}[dtype]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text)
        for _, _, data in entries.values():
            for piece in data:
                out.write(piece)


def write_sae(folder, width, latents, layer):
    folder.mkdir()
    generator = np.random.default_rng(7)

    def encoder():
        for _ in range(width):
            yield (generator.standard_normal(latents, np.float32) / np.float32(width) ** 0.5).tobytes()

    zeros = lambda count: iter([bytes(4 * count)])
    # The decoder is not needed to encode, but the format has one.
    decoder = (bytes(4 * width) for _ in range(latents))
    write_safetensors(folder / "sae_weights.safetensors", {
        "W_enc": ("F32", (width, latents), encoder()), "b_enc": ("F32", (latents,), zeros(latents)),
        "W_dec": ("F32", (latents, width), decoder), "b_dec": ("F32", (width,), zeros(width))})
    json.dump(dict(
        architecture="topk", d_in=width, d_sae=latents, k=32, dtype="float32", device="cpu", apply_b_dec_to_input=True,
        normalize_activations="none", reshape_activations="none", rescale_acts_by_decoder_norm=False,
        metadata=dict(hook_name=f"blocks.{layer}.hook_resid_post", hook_head_index=None)),
        open(folder / "cfg.json", "w"), indent=1)


def write_prompts(out, like, count):
    """Words that are one token each, so that a prompt has as many tokens as words."""
    vocabulary = json.load(open(like / "tokenizer.json"))["model"]["vocab"]
    words = [" " + w[1:] for w in vocabulary if w[0] == "\u0120" and w[1:].isalpha() and w[1:].isascii()]
    words = sorted(words)[:5000]
    random.seed(0)
    lengths = [[24, 40, 64, 96, 128, 192, 256][index % 7] for index in range(count)]
    with open(out / "prompts.jsonl", "w") as file:
        for index, length in enumerate(lengths):
            print(json.dumps(dict(id=f"p{index}", text="".join(random.choices(words, k=length)))), file=file)
    (out / "tokens").write_text(str(sum(lengths)))


if __name__ == "__main__":
    main()
