#!/usr/bin/env python3
"""Write the goldens of ModelsTests: a small GGUF file with what gguf-py reads from it, and PEFT's own matching.

Setup:  pip install torch transformers peft gguf numpy safetensors
Use:    scripts/goldens/checkpoints.py            (writes into Tests/ModelsTests/Goldens)
"""
import json, os, tempfile
import numpy as np
from gguf import GGMLQuantizationType as Q, GGUFReader, GGUFWriter
from gguf.constants import GGML_QUANT_SIZES
from gguf.quants import dequantize
from safetensors.numpy import save_file

OUT = os.path.join(os.path.dirname(__file__), "..", "..", "Tests", "ModelsTests", "Goldens")
HIDDEN, FEED, HEADS, KV_HEADS, HEAD, VOCAB, LAYERS = 32, 64, 2, 1, 16, 24, 2
HF_BLOCK = {"attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm", "attn_q": "self_attn.q_proj",
            "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
            "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj"}
HF_OUTER = {"token_embd": "model.embed_tokens", "output_norm": "model.norm"}
SCALES = np.array([0.0123, -0.5, 6e-8, -3.05e-5, 0.0, 1.0, 65504.0, 2.5], dtype=np.float16)  # subnormal, negative, largest


def random_bytes(rng, shape, kind):
    """Random quants under scales that cover the corners of half precision; rows of whole blocks."""
    block, size = GGML_QUANT_SIZES[kind]
    rows, blocks = shape[0], shape[1] // block
    data = rng.integers(0, 256, (rows, blocks, size), dtype=np.uint8)
    halves = 2 if kind == Q.Q4_1 else 1
    scales = rng.choice(SCALES, (rows, blocks, halves))
    data[:, :, : 2 * halves] = scales.view(np.uint8).reshape(rows, blocks, 2 * halves)
    return data.reshape(rows, blocks * size)


def stored(rng, shape, kind):
    if kind == Q.F32:
        return rng.standard_normal(shape).astype(np.float32)
    if kind == Q.F16:
        return rng.standard_normal(shape).astype(np.float16)
    if kind == Q.BF16:
        return (rng.standard_normal(shape).astype(np.float32).view(np.uint32) >> 16).astype(np.uint16).view(np.uint8)
    return random_bytes(rng, shape, kind)


def write_gguf(path):
    rng = np.random.default_rng(7)
    writer = GGUFWriter(path, "llama")
    writer.add_vocab_size(VOCAB)
    writer.add_context_length(512)
    writer.add_embedding_length(HIDDEN)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_rope_dimension_count(HEAD)
    writer.add_rope_freq_base(50000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([f"t{i}é" for i in range(VOCAB)])
    writer.add_token_types([1] * VOCAB)
    writer.add_token_scores([i / 4 for i in range(VOCAB)])
    writer.add_add_bos_token(False)
    writer.add_array("general.languages", ["en"])
    writer.add_array("test.nested", [[1, 2], [3]])
    queries, keys = HEADS * HEAD, KV_HEADS * HEAD
    blocks = {"attn_norm": (HIDDEN,), "ffn_norm": (HIDDEN,), "attn_q": (queries, HIDDEN), "attn_k": (keys, HIDDEN),
              "attn_v": (keys, HIDDEN), "attn_output": (HIDDEN, queries), "ffn_gate": (FEED, HIDDEN), "ffn_up": (FEED, HIDDEN),
              "ffn_down": (HIDDEN, FEED)}
    kinds = [dict(attn_q=Q.Q4_1, attn_k=Q.Q8_0, attn_v=Q.Q4_0, attn_output=Q.Q4_1, ffn_gate=Q.Q4_0, ffn_up=Q.Q8_0, ffn_down=Q.Q4_1),
             dict(attn_q=Q.F16, attn_k=Q.F32, attn_v=Q.BF16, attn_output=Q.Q8_0, ffn_gate=Q.F16, ffn_up=Q.BF16, ffn_down=Q.Q4_0)]
    tensors = [("token_embd.weight", (VOCAB, HIDDEN), Q.Q8_0), ("output_norm.weight", (HIDDEN,), Q.F32)]
    for layer in range(LAYERS):
        for name, shape in blocks.items():
            tensors.append((f"blk.{layer}.{name}.weight", shape, kinds[layer].get(name, Q.F32)))
    for name, shape, kind in tensors:
        data = stored(rng, shape, kind)
        writer.add_tensor(name, data, raw_dtype=None if kind in (Q.F32, Q.F16) else kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_widened(path, out):
    """What gguf-py reads, under Hugging Face names, query and key rows in the Hugging Face order."""
    widened = {}
    for tensor in GGUFReader(path).tensors:
        # A half NaN times a quant cannot occur here, so every value is comparable.
        values = dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        stem = tensor.name.removesuffix(".weight")
        if stem in HF_OUTER:
            name = HF_OUTER[stem]
        else:
            _, layer, kind = stem.split(".")
            name = f"model.layers.{layer}.{HF_BLOCK[kind]}"
            if kind in ("attn_q", "attn_k"):
                heads = HEADS if kind == "attn_q" else KV_HEADS
                values = values.reshape(heads, HEAD // 2, 2, HIDDEN).swapaxes(1, 2).reshape(values.shape)
        widened[f"{name}.weight"] = np.ascontiguousarray(values)
    save_file(widened, out)


PEFT_CASES = {
    "list": dict(target_modules=["q_proj", "v_proj"]),
    "layers": dict(target_modules=["q_proj", "down_proj"], layers_to_transform=[1, 10, 11]),
    "one layer": dict(target_modules=["q_proj"], layers_to_transform=1),
    "no layers listed": dict(target_modules=["q_proj"], layers_to_transform=[]),
    "layers pattern": dict(target_modules=["up_proj"], layers_to_transform=[0, 2], layers_pattern="layers"),
    "layers patterns, the first without a match": dict(
        target_modules=["up_proj"], layers_to_transform=[3], layers_pattern=["blocks", "layers"]),
    "a whole path beside layers": dict(
        target_modules=["model.layers.4.self_attn.q_proj", "k_proj"], layers_to_transform=[2]),
    "a path's end": dict(target_modules=["self_attn.o_proj", "1.mlp.gate_proj"]),
    "pattern": dict(target_modules=r".*\.(?:2|10)\.self_attn\.(q|k)_proj"),
    "pattern with sets, words and counts": dict(
        target_modules=r"(?:\bmodel\.layers\.[\d]{1,}\.(?:self_attn|mlp)\.(?:(?:q_proj|up_proj)))"),
    "pattern with look-ahead and a named group": dict(target_modules=r"model\.layers\.(?P<n>\d+)\.(?!mlp)\w+\.v_proj"),
    "pattern that backtracks into alternatives": dict(target_modules=r"model\.layers\.(1|11)\.mlp\.(up|up_proj)"),
    "all linear": dict(target_modules="all-linear"),
    "all linear, some excluded": dict(target_modules="All-Linear", exclude_modules=["down_proj", "model.layers.0.mlp.up_proj"]),
    "excluded by pattern": dict(target_modules=["q_proj", "k_proj"], exclude_modules=r".*\.[0-9]\..*"),
    "rank-stabilised": dict(target_modules=["q_proj"], r=8, lora_alpha=12, use_rslora=True),
    "rank and alpha patterns": dict(
        target_modules=["q_proj", "k_proj", "down_proj"], r=4, lora_alpha=8,
        rank_pattern={"q_proj": 2, r"layers\.1\.mlp\.down_proj": 6}, alpha_pattern={"k_proj": 32, "model.layers.3.self_attn.q_proj": 5}),
    "overlapping patterns, the first counts": dict(
        target_modules=["q_proj"], r=4, lora_alpha=8, rank_pattern={r".*\.[0-4]\..*q_proj": 3, "q_proj": 5},
        alpha_pattern={"q_proj": 7, r"layers\.2\..*": 9}),
    "overlapping patterns, against the alphabet": dict(
        target_modules=["q_proj"], rank_pattern={"q_proj": 5, r".*\.[0-4]\..*q_proj": 3}),
    "patterns with anchors": dict(
        target_modules=["q_proj", "v_proj"], r=4, use_rslora=True, rank_pattern={"^model.layers.5.self_attn.q_proj": 9},
        alpha_pattern={r"(q|v)_proj": 3.5, "proj": 100}),
    "no match": dict(target_modules=["query"]),
    "no match in the layers": dict(target_modules=["model.embed_tokens.q_proj"]),
    "a norm": dict(target_modules=["q_proj", "norm"]),
    "a block": dict(target_modules=r"model\.layers\.3"),
    "everything": dict(target_modules=".*"),
}


def write_peft(out):
    import torch
    from peft import LoraConfig, PeftModel, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM
    sizes = dict(vocab_size=16, hidden_size=8, intermediate_size=12, num_hidden_layers=12, num_attention_heads=2,
                 num_key_value_heads=1, max_position_embeddings=64)
    make = lambda: LlamaForCausalLM(LlamaConfig(**sizes))
    modules = [n for n, _ in make().named_modules() if n]
    cases = []
    for name, settings in PEFT_CASES.items():
        torch.manual_seed(0)
        config = LoraConfig(task_type="CAUSAL_LM", **settings)
        with tempfile.TemporaryDirectory() as folder:
            # The file as written by hand: what is loaded is what counts, in the file's own order.
            config.save_pretrained(folder)
            path = os.path.join(folder, "adapter_config.json")
            text = {**json.load(open(path)), **settings}
            json.dump(text, open(path, "w"))
            try:
                model = get_peft_model(make(), LoraConfig.from_pretrained(folder))
                layers = {n.removeprefix("base_model.model."): m for n, m in model.named_modules() if hasattr(m, "lora_A")}
                answer = {n: [m.r["default"], m.scaling["default"]] for n, m in sorted(layers.items())}
            except ValueError:
                answer = None
        # As text, because the order of its members counts.
        cases.append(dict(name=name, config=json.dumps(text), answer=answer))
    json.dump(dict(model=sizes, modules=modules, cases=cases), open(out, "w"), indent=0)


def main():
    os.makedirs(OUT, exist_ok=True)
    write_gguf(os.path.join(OUT, "tiny.gguf"))
    write_widened(os.path.join(OUT, "tiny.gguf"), os.path.join(OUT, "tiny-widened.safetensors"))
    write_peft(os.path.join(OUT, "peft.json"))


if __name__ == "__main__":
    main()
