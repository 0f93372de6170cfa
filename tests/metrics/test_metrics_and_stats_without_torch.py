"""The ground floor imports and runs where torch is not installed."""

import subprocess
import sys

SCRIPT = """
import importlib.abc, pkgutil, sys

class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "torchvision", "open_clip", "timm", "transformers"}:
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocked())
try:
    import torch
except ImportError as error:
    assert "blocked" in str(error)
else:
    raise SystemExit("the block does not work")

import numpy as np
import clipkit.metrics, clipkit.stats
for package in (clipkit.metrics, clipkit.stats):
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)

from clipkit import metrics as m
rng = np.random.default_rng(0)
logits, target, images = rng.normal(size=(40, 5)), rng.integers(0, 5, 40), rng.normal(size=(40, 4))
p, x = m.softmax(logits), rng.uniform(0.3, 0.8, 40)
m.top_k_accuracy(logits, target); m.fit_temperature(logits, target); m.expected_calibration_error(p, target)
m.adaptive_calibration_error(p, target); m.reliability_table(p, target); m.brier_score(p, target)
m.auroc(m.mcm(logits / 10), m.msp(logits)); m.fpr_at_tpr(m.max_logit(logits), m.msp(logits))
m.recall_at_k(images, images, np.arange(40)); m.shape_bias(target, target, (target + 1) % 5)
m.effective_robustness(m.fit_line(x, x), x, x); m.fit_line(x, x, "theil-sen"); m.correlation(x, x)
m.error_ratio(m.factor_accuracy(target == 0, logits > 0), 0.5)
m.class_probabilities(p, {"a": [0, 1], "b": [2]}); m.restrict_to_classes(logits, [1, 2])
assert not {"torch", "open_clip"} & set(sys.modules)
print("ran without torch")
"""


def test_metrics_and_stats_run_without_torch():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "ran without torch"
