"""List the built-in tasks, or show ten pairs of one and what is held out.

A task is data made here, for one kind of model. Its dev and test parts consist of combinations that training never shows, so that
a score on them tells whether the rule was learnt. The expected score is that of the test part after `minis2s train --task NAME`,
which takes about the time that is stated, on two cores.
"""

from minis2s.cli.arguments import add_json
from minis2s.cli.output import console, print_json, table
from minis2s.data.tasks import TASKS, task

SHOWN = 10  # pairs
LONGEST = 54  # characters of an example in the list


def add_arguments(parser):
    parser.add_argument("name", nargs="?", metavar="NAME", help=f"one of {', '.join(TASKS)}")
    add_json(parser)


def run(args):
    if not args.name:
        print_json([_record(each) for each in TASKS.values()]) if args.json else _print_list()
        return 0
    chosen = task(args.name)
    pairs = chosen.generate(0).test[:SHOWN]
    if args.json:
        print_json(_record(chosen) | {"pairs": [pair._asdict() for pair in pairs]})
    else:
        _print_one(chosen, pairs)
    return 0


def _print_list():
    listing = table("task", "pairs", "expected", "example")
    for each in TASKS.values():
        train, dev, test = each.sizes
        score, time = expected(each)
        source, target = map(_beginning, each.example)
        example = f"{source}\n→ {target}" if source else target
        listing.add_row(f"{each.name}\n{each.model}", f"{train:,}\n{dev:,}, {test:,}", f"{score}\n{time}", example)
        listing.add_section()
    out = console()
    out.print(listing)
    out.print("pairs: to train on; for dev, for test. minis2s tasks NAME tells more about one.")


def _beginning(text):
    """The text, cut where it would fill more than two lines of a narrow column, or three."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _print_one(chosen, pairs):
    out = console()
    out.print(f"{chosen.name}: {chosen.description}\n")
    train, dev, test = chosen.sizes
    facts = table("", "")
    facts.show_header = False
    facts.add_row("held out", chosen.held_out)
    facts.add_row("pairs", f"{train:,} to train on, {dev:,} for dev, {test:,} for test")
    facts.add_row("model", chosen.model)
    facts.add_row("tokens", f"{chosen.source_tokeniser} → {chosen.target_tokeniser}")
    facts.add_row("settings", ", ".join(f"{key} {value}" for key, value in chosen.settings.items()) or "the general ones")
    facts.add_row("expected", " ".join(expected(chosen)))
    if chosen.needs:
        facts.add_row("needs", f'pip install "minis2s[{chosen.needs}]"')
    out.print(facts)
    if any(pair.source for pair in pairs):
        examples = table("source", "target")
        for pair in pairs:
            examples.add_row(*pair)
    else:
        examples = table("text")
        for pair in pairs:
            examples.add_row(pair.target)
    out.print(f"\nThe first {len(pairs)} pairs of the test part")
    out.print(examples)
    out.print(f"\nminis2s train --task {chosen.name}")


def expected(chosen):
    """(score, time) that a task promises, for people."""
    if chosen.expected is None:
        return "not measured yet", ""
    score, value, seconds = chosen.expected
    unit = "" if score in ("loss", "perplexity") else " %"
    return f"{score.replace('_', ' ')} {value:g}{unit}", f"after {seconds} s"


def _record(each):
    names = ("name", "description", "held_out", "model", "source_tokeniser", "target_tokeniser", "settings")
    return {name: getattr(each, name) for name in names} | {
        "sizes": dict(zip(("train", "dev", "test"), each.sizes, strict=True)),
        "example": each.example._asdict(),
        "expected": each.expected and each.expected._asdict(),
        "needs": each.needs or None,
    }
