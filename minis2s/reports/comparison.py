"""Runs side by side: the settings in which they differ, their scores, speed and size."""

from pathlib import Path

from minis2s.reports.gather import flat, run_record
from minis2s.training.checkpoint import load_checkpoint

SCORES = (
    *("dev_loss", "dev_exact_match", "dev_bleu", "dev_chrf", "dev_token_error_rate", "train_loss"),
    *("dev_word_error_rate", "dev_character_error_rate", "dev_alignment_entropy"),  # None of a run from before they were measured
    *("dev_teacher_forced_perplexity", "dev_free_running_perplexity"),
    *("dev_variance_explained", "dev_root_mean_square_error"),  # of runs of the kind "regression"
)


def compare(paths):
    """{"runs": one summary for each path, "differences": setting → its value in each run, None where it has none}."""
    records = [run_record(path) for path in paths]
    settings = [flat(record.settings) | flat({"environment": record.environment}) for record in records]
    names = list(dict.fromkeys(name for each in settings for name in each))
    rows = {name: [each.get(name) for each in settings] for name in names}
    differences = {name: values for name, values in rows.items() if any(value != values[0] for value in values)}
    return {"runs": [_summary(record) for record in records], "differences": differences}


def _summary(record):
    """Scores are those of the best epoch, by the run's own choice of score."""
    best = record.best
    file = Path(record.path) / "best.npz"
    return {
        "run": str(record.path),
        "epochs": len(record.metrics),
        "best_by": record.best_by,
        "best_epoch": best and best["epoch"],
        **{name: best.get(name) if best else None for name in SCORES},
        "seconds": round(record.seconds, 3),
        "tokens_per_s": record.tokens_per_s and round(record.tokens_per_s, 1),
        "parameters": _n_parameters(file) if file.exists() else None,
        "bytes": file.stat().st_size if file.exists() else None,
        "findings": [finding.name for finding in record.findings],
    }


def _n_parameters(path):
    return sum(a.size for name, a in load_checkpoint(path).arrays.items() if name.startswith("model/"))
