#!/usr/bin/env python3
"""What numpy, scipy and mpmath make of the statistics: Tests/LatentsTests/Goldens/statistics.json and groups.json.

Setup:  pip install numpy scipy mpmath
Use:    scripts/goldens/statistics.py
"""
import hashlib, json, os
import mpmath, numpy as np
from scipy import stats

FOLDER = os.path.join(os.path.dirname(__file__), "..", "..", "Tests", "LatentsTests", "Goldens")
MASK64 = (1 << 64) - 1
mpmath.mp.dps = 40


def two_sided(t, df):
    """P(|T| >= |t|) to about 30 digits: x^a / B(a, 1/2) times the integral of exp(-av) (1 - x exp(-v))^(-1/2) over v >= 0,
    which is the regularised incomplete beta function after s = x exp(-v)."""
    if t == 0:
        return 1.0
    t, a = mpmath.mpf(t), mpmath.mpf(df) / 2
    rest = t * t / (df + t * t)
    log_x = -mpmath.log1p(t * t / df)
    cuts = sorted({mpmath.mpf(0), *(c for c in (rest, 10 * rest, 100 * rest) if c < 1 / a), 1 / a, 10 / a, 40 / a, 100 / a})
    tail = mpmath.quad(lambda v: mpmath.exp(-a * v) / mpmath.sqrt(-mpmath.expm1(log_x - v)), cuts)
    return float(mpmath.exp(a * log_x) / mpmath.beta(a, 0.5) * tail)


def t_grid():
    rows = []
    for df in (1, 2, 3, 5, 10, 39, 40, 41, 63, 199, 1000, 12345, 1e5, 1e6):
        for t in (0.0, 1e-9, 1e-3, 0.1, 0.5, 1, 1.5, 1.7, 1.8, 2, 2.5, 3, 5, 8, 12, 20, 30, 36, 58, 100, 1e3, 1e6, 1e40, 1e160):
            p = two_sided(t, df)
            if p == 0 or p > 1e-300:
                scipy_p = float(2 * stats.t.sf(t, df))
                rows.append(dict(t=t, df=df, p=p, scipy=scipy_p))
    return rows


def mix(z):
    z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & MASK64
    z = ((z ^ z >> 27) * 0x94D049BB133111EB) & MASK64
    return z ^ z >> 31


def signs(seed, r, prompts):
    g = 0x9E3779B97F4A7C15
    stream = mix((mix((seed + g) & MASK64) + r + g) & MASK64)
    words = [mix((stream + b + g) & MASK64) for b in range((prompts + 63) // 64)]
    return np.array([-1.0 if words[p // 64] >> (p % 64) & 1 else 1.0 for p in range(prompts)])


def columns(bs, ts, ba, ta, n):
    """The formulas of the reference implementation, then what scipy makes of the same differences."""
    d = (ts - bs) / n[:, None]
    mb, mt = bs.sum(0) / n.sum(), ts.sum(0) / n.sum()
    sd = d.std(0, ddof=1)
    t = np.divide(d.mean(0), sd / np.sqrt(len(n)), out=np.zeros_like(sd), where=sd > 0)
    p = np.ones_like(t)
    p[sd > 0] = stats.ttest_1samp(d[:, sd > 0], 0, axis=0).pvalue
    fired = (ba.sum(0) > 0) | (ta.sum(0) > 0)
    q = np.ones_like(t)
    q[fired] = stats.false_discovery_control(p[fired])
    effect = np.divide(d.mean(0), sd, out=np.zeros_like(sd), where=sd > 0)
    return d, fired, dict(mean_base=mb, mean_tuned=mt, delta=mt - mb, density_base=ba.sum(0) / n.sum(),
                          density_tuned=ta.sum(0) / n.sum(), prompt_delta=d.mean(0), t=t, p=p, q=q, cohens_d=effect)


def matrices(rng, prompts=70, latents=32, permutations=200, seed=7, top=10):
    n = rng.integers(3, 30, prompts)
    ids = [f"prompt-{k}" for k in range(prompts)]
    rate = rng.uniform(0, 0.7, latents)
    shift = np.where(rng.random(latents) < 0.4, rng.normal(0, 0.6, latents), 0)

    def checkpoint(shift):
        active = rng.binomial(n[:, None], np.clip(rate + 0.1 * shift, 0, 1)[None, :])
        return active * np.exp(rng.normal(0.3, 0.8, active.shape) + shift), active

    bs, ba = checkpoint(np.zeros(latents))
    ts, ta = checkpoint(shift)
    for j in (3, 17):                       # never fires
        bs[:, j] = ts[:, j] = 0; ba[:, j] = ta[:, j] = 0
    ts[:, 5], ta[:, 5] = bs[:, 5], ba[:, 5]  # fires, never differs
    bs[:, 9] = 0; ba[:, 9] = 0               # fires in the tuned checkpoint alone
    ts[1:, 11], ta[1:, 11] = bs[1:, 11], ba[1:, 11]  # differs on one prompt
    bs[:, 13] = ts[:, 13] - rng.normal(1e-4, 1e-6, prompts) * n  # a tiny difference that hardly varies
    ba[:, 13] = ta[:, 13] = 1; ts[:, 13] += 1; bs[:, 13] += 1

    d, fired, all_columns = columns(bs, ts, ba, ta, n)
    b = np.array([hashlib.sha256(i.encode()).digest()[0] & 1 == 1 for i in ids])
    parts = [columns(*(m[h] for m in (bs, ts, ba, ta, n))) for h in (~b, b)]
    halves = [part[2] for part in parts]
    all_columns["delta_half_a"], all_columns["delta_half_b"] = halves[0]["delta"], halves[1]["delta"]
    total, size = d.sum(0), np.abs(d).sum(0)
    reached = sum((np.abs(signs(seed, r, prompts) @ d) >= np.abs(total) - 1e-12 * size).astype(int) for r in range(permutations))
    all_columns["p_permutation"] = (reached + 1) / (permutations + 1)

    order = [j for j in np.argsort(-halves[0]["delta"], kind="stable") if parts[0][1][j]][:top]
    same = np.sign(halves[0]["prompt_delta"][order]) * np.sign(halves[1]["prompt_delta"][order]) > 0
    p_b = halves[1]["p"][order]
    split = dict(prompts_a=int((~b).sum()), prompts_b=int(b.sum()), tested=len(order), same_sign=int(same.sum()),
                 p_below=int((same & (p_b < 0.05)).sum()), q_below=int((same & (stats.false_discovery_control(p_b) < 0.05)).sum()),
                 spearman=float(stats.spearmanr(halves[0]["delta"][fired], halves[1]["delta"][fired]).statistic))
    rows = lambda s, a: [[[int(j), float(s[p, j]), int(a[p, j])] for j in range(latents) if a[p, j] > 0] for p in range(prompts)]
    return dict(ids=ids, tokens=n.tolist(), latents=latents, seed=seed, permutations=permutations, top=top,
                base=rows(bs, ba), tuned=rows(ts, ta), fired=int(fired.sum()), split=split,
                columns={k: v.tolist() for k, v in all_columns.items()})


def contrast(x, y, ids_x, ids_y, fired, paired):
    """scipy's tests of two groups' differences by prompt, for each latent that fired; 1 where nothing varies."""
    delta = np.where(fired, x.mean(0) - y.mean(0), 0)
    t, p, effect = np.zeros_like(delta), np.ones_like(delta), np.zeros_like(delta)
    if paired:
        y = y[[ids_y.index(i) for i in ids_x]]
        varies = fired & ((x - y).std(0, ddof=1) > 0)
        test = stats.ttest_rel(x[:, varies], y[:, varies])
        effect[varies] = (x - y)[:, varies].mean(0) / (x - y)[:, varies].std(0, ddof=1)
    else:
        varies = fired & ((x.std(0, ddof=1) > 0) | (y.std(0, ddof=1) > 0))
        test = stats.ttest_ind(x[:, varies], y[:, varies], equal_var=False)
    t[varies], p[varies] = test.statistic, test.pvalue
    q = np.ones_like(p)
    q[fired] = stats.false_discovery_control(p[fired])
    found = dict(delta=delta, t=t, p=p, q=q)
    return found | dict(cohens_d=effect) if paired else found


def groups(rng, latents=24):
    """Groups a and b have the same ids in different orders, c only some of them."""
    prompts = [("a", f"id-{k}") for k in range(25)] + [("b", f"id-{k}") for k in rng.permutation(25)]
    prompts += [("c", f"id-{k}") for k in range(20, 33)]
    prompts = [prompts[k] for k in rng.permutation(len(prompts))]
    n = rng.integers(3, 30, len(prompts))
    names, ids = [np.array(part) for part in zip(*prompts)]
    rate, shift = rng.uniform(0.1, 0.8, latents), rng.normal(0, 0.4, latents)
    subject = {i: rng.normal(0, 0.7, latents) for i in sorted(set(ids))}

    def checkpoint(change):
        active = rng.binomial(n[:, None], rate[None, :].repeat(len(n), 0))
        own = np.array([subject[i] for i in ids]) + change
        return active * np.exp(rng.normal(0.2, 0.5, active.shape) + own), active

    bs, ba = checkpoint(0)
    ts, ta = checkpoint(np.where(names == "a", 1, 0)[:, None] * shift[None, :] + 0.1)
    for s, a in ((bs, ba), (ts, ta)):
        s[:, 3] = 0; a[:, 3] = 0                                      # never fires
        s[names != "a", 5] = 0; a[names != "a", 5] = 0                # fires in group a alone
    ts[names == "b", 7], ta[names == "b", 7] = bs[names == "b", 7], ba[names == "b", 7]  # differs in a and c alone
    parts = {g: columns(*(m[names == g] for m in (bs, ts, ba, ta, n))) for g in "abc"}
    found = {f"{g}/{k}": v.tolist() for g, part in parts.items() for k, v in part[2].items()}
    for name, x, y, paired in (("a-b", "a", "b", True), ("c-a", "c", "a", False), ("c-b", "c", "b", False)):
        fired = parts[x][1] | parts[y][1]
        made = contrast(parts[x][0], parts[y][0], list(ids[names == x]), list(ids[names == y]), fired, paired)
        found |= {f"{name}/{k}": v.tolist() for k, v in made.items()}
    rows = lambda s, a: [[[int(j), float(s[p, j]), int(a[p, j])] for j in range(latents) if a[p, j] > 0] for p in range(len(n))]
    degrees = [dict(t=t, df=df, p=two_sided(t, df)) for df in (1.0625, 1.5, 2.25, 7.5, 38.75, 57.125, 1234.5)
               for t in (1e-6, 0.3, 1.5, 4.0, 25.0, 1e4)]
    return dict(groups=names.tolist(), ids=ids.tolist(), tokens=n.tolist(), latents=latents, base=rows(bs, ba),
                tuned=rows(ts, ta), columns=found, t=degrees)


def write(name, golden):
    os.makedirs(FOLDER, exist_ok=True)
    with open(os.path.join(FOLDER, name), "w") as f:
        json.dump(golden, f, separators=(",", ":"))
        f.write("\n")


def main():
    rng = np.random.default_rng(0)
    p = np.concatenate([rng.random(40), 10.0 ** -rng.uniform(0, 300, 40), [0.5, 0.5, 1.0, 1.0, 0.0]])
    x, y = rng.integers(0, 12, 80).astype(float), rng.normal(0, 1, 80)
    y[:40] += x[:40] * 0.3
    golden = dict(t=t_grid(), fdr=dict(p=p.tolist(), q=stats.false_discovery_control(p).tolist()),
                  spearman=dict(x=x.tolist(), y=y.tolist(), rho=float(stats.spearmanr(x, y).statistic)), diff=matrices(rng))
    write("statistics.json", golden)
    write("groups.json", groups(np.random.default_rng(1)))
    worst = max(abs(r["p"] - r["scipy"]) / r["p"] for r in golden["t"] if r["p"] > 0)
    print("scipy's own largest relative error on the grid of t:", worst)


if __name__ == "__main__":
    main()
