#!/usr/bin/env python3
"""What a careful PyTorch user gets for the same job: prompt tokens a second through base AND tuned model plus SAE encode.

Padded batches sorted by length, float32 (the fastest type on CPUs without bf16 units), layers above the hook removed.
Use:    pytorch.py --base DIR --layer 15 --latents 32768 --k 32 --threads 2 [--naive] [--prompts FILE] [--repeat N]
--naive keeps all layers and reads output_hidden_states, as the common notebook does.
"""
import argparse, json, sys, time
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

ap = argparse.ArgumentParser(description=__doc__.splitlines()[0])
ap.add_argument("--base", required=True); ap.add_argument("--tuned", help="a folder; the base again without it"); ap.add_argument("--layer", type=int, default=15); ap.add_argument("--latents", type=int, default=32768)
ap.add_argument("--k", type=int, default=32); ap.add_argument("--threads", type=int, default=2); ap.add_argument("--batch", type=int, default=16)
ap.add_argument("--naive", action="store_true"); ap.add_argument("--prompts"); ap.add_argument("--dtype", default="float32"); ap.add_argument("--repeat", type=int, default=1)
a = ap.parse_args()
torch.set_num_threads(a.threads); torch.manual_seed(0)
dtype = getattr(torch, a.dtype)
models = [AutoModelForCausalLM.from_pretrained(path, dtype=dtype) for path in (a.base, a.tuned or a.base)]
d = models[0].config.hidden_size
if not a.naive:
    for m in models:
        m.model.layers = m.model.layers[: a.layer + 1]; m.model.norm = torch.nn.Identity()
W, b = torch.randn(a.latents, d) / d ** 0.5, torch.zeros(a.latents)
if a.prompts:
    tok = AutoTokenizer.from_pretrained(a.base)
    prompts = [json.loads(line) for line in open(a.prompts)]
    texts = [p["text"] if "text" in p else tok.apply_chat_template(p["messages"], tokenize=False, add_generation_prompt=True) for p in prompts]
    ids = [tok(text).input_ids for text in texts] * a.repeat
else:
    g = torch.Generator().manual_seed(0)
    ids = [torch.randint(20, models[0].config.vocab_size - 20, (n,), generator=g).tolist() for n in [24, 40, 64, 96, 128, 192, 256] * 14 * a.repeat]
ids.sort(key=len)
sums = [torch.zeros(a.latents) for _ in models]
print("begins", file=sys.stderr, flush=True)
start, tokens = time.perf_counter(), 0
with torch.inference_mode():
    for i in range(0, len(ids), a.batch):
        chunk = ids[i : i + a.batch]; T = max(map(len, chunk))
        x = torch.zeros(len(chunk), T, dtype=torch.long); mask = torch.zeros_like(x)
        for r, s in enumerate(chunk):
            x[r, : len(s)] = torch.tensor(s); mask[r, : len(s)] = 1
        for m, acc in zip(models, sums):
            h = m(x, attention_mask=mask, output_hidden_states=True, use_cache=False).hidden_states[a.layer + 1] if a.naive else m.model(x, attention_mask=mask, use_cache=False).last_hidden_state
            v, k = torch.topk(torch.relu(h[mask.bool()].float() @ W.T + b), a.k, dim=-1)
            acc.index_add_(0, k.flatten(), v.flatten())
        tokens += sum(map(len, chunk))
seconds = time.perf_counter() - start
print(json.dumps(dict(prompts=len(ids), prompt_tokens=tokens, seconds=round(seconds, 2), prompt_tokens_per_second=round(tokens / seconds, 1), threads=a.threads, naive=a.naive, dtype=a.dtype, latents=a.latents)), flush=True)
