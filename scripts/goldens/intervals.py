#!/usr/bin/env python3
"""What scipy makes of 95 % intervals of a mean: Tests/ReportsTests/Goldens/intervals.json.

Setup:  pip install numpy scipy
Use:    scripts/goldens/intervals.py
"""
import json, os
import numpy as np
from scipy import stats

OUT = os.path.join(os.path.dirname(__file__), "..", "..", "Tests", "ReportsTests", "Goldens", "intervals.json")

critical = [dict(prompts=n, c=float(stats.t.isf(0.025, n - 1))) for n in (2, 3, 4, 5, 10, 30, 44, 64, 100, 1000, 100000)]
random = np.random.default_rng(0)
samples = []
for n in (2, 3, 8, 64, 500):
    for scale, shift in ((1, 0.5), (1e-6, -1e-6), (1e5, 3e5), (1, 0)):
        d = random.standard_normal(n) * scale + shift
        test = stats.ttest_1samp(d, 0)
        interval = test.confidence_interval(0.95)
        samples.append(dict(
            prompts=n, prompt_delta=float(d.mean()), t=float(test.statistic), low=float(interval.low), high=float(interval.high)))
os.makedirs(os.path.dirname(OUT), exist_ok=True)
with open(OUT, "w") as file:
    json.dump(dict(critical=critical, samples=samples), file, indent=1)
    file.write("\n")
