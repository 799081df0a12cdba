"""`minis2s train --dry-run`: what a run would cost, as people read it."""

LABELS = {
    "program_and_data": "program and data",
    "parameters": "parameters",
    "gradients": "gradients",
    "moments": "optimiser's state",
    "activations": "activations of the largest batch",
}


def print_estimate(out, found, epochs):
    """found: of `training.estimate.estimate`; out: a console."""

    def line(title, text):
        out.print(f"{title:11}{text}", soft_wrap=True)

    pairs, tokens, words = found["pairs"], found["tokens"], found["vocabularies"]
    line("pairs", f"{pairs['train']:,} to train on, {pairs['dev']:,} to judge by")
    line("tokens", f"{tokens['source']:,} source and {tokens['target']:,} target tokens in an epoch")
    line("words", f"{words['source']:,} source and {words['target']:,} target words known")
    parameters = found["parameters"]
    line("parameters", f"{parameters['total']:,}: " + ", ".join(f"{name} {n:,}" for name, n in parameters["parts"].items()))
    memory = found["memory"]
    parts = ", ".join(f"{label} {_megabytes(memory[name])}" for name, label in LABELS.items())
    line("memory", f"about {_megabytes(memory['total'])} MB: {parts}")
    steps, seconds = found["steps"], found["seconds"]
    line("steps", f"{steps['epoch']:,} in an epoch, {steps['total']:,} in {epochs:,} epochs")
    timed = f"{seconds['step'] * 1e3:,.1f} ms a step, measured on {seconds['steps_timed']}; without the dev evaluations"
    line("time", f"about {duration(seconds['total'])} ({timed})")
    out.print("nothing was trained, and nothing was written")


def _megabytes(n):
    return f"{n / 1e6:,.1f}"


def duration(seconds):
    """As in "45 s", "12 min", "3 h 20 min", "5 d 2 h"."""
    minutes = round(seconds / 60)
    if seconds < 120:
        return f"{seconds:.0f} s"
    if minutes < 120:
        return f"{minutes} min"
    hours = round(minutes / 60)
    return f"{minutes // 60} h {minutes % 60} min" if hours < 48 else f"{hours // 24:,} d {hours % 24} h"
