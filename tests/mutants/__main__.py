"""`python -m tests.mutants [--seed N] [--all] [part of a name …]`: plant every mistake, print the score by function.

The exit code is 1 if a mutant survives. With --all the equivalents are printed as well, with the reasons.
"""

import argparse
import time

from .catalogue import MISTAKES
from .checks import SEED, equation_targets, layer_targets, numerical_derivatives_once
from .equivalents import EQUIVALENT
from .score import by_hand, summary, systematic


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="only functions with this in their dotted name")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--all", action="store_true", help="print the equivalent mutants too")
    args = parser.parse_args()
    start, rows, verdicts = time.perf_counter(), [], {}
    with numerical_derivatives_once():
        for targets in (equation_targets(args.seed), layer_targets(args.seed)):
            targets = [t for t in targets if not args.names or any(name in t.name for name in args.names)]
            print(f"{'function':58} mutants  by number  by error  equivalent  survive   checks")
            for target in targets:
                row = systematic(target)
                rows.append(row)
                numbers = f"{row.mutants:7}  {row.by_number:9}  {row.by_error:8}"
                numbers += f"  {len(row.equivalent):10}  {len(row.survivors):7}"
                print(f"{row.name.removeprefix('minis2s.'):58} {numbers}   {' '.join(row.checks) or 'NONE'}")
                for label in row.survivors:
                    print(f"    SURVIVES  {label}")
                for label in row.equivalent if args.all else ():
                    print(f"    equivalent  {label}\n        {EQUIVALENT[row.name][label]}")
            verdicts |= by_hand(targets)
    print(f"\n{'a mistake that people make':78} first failing check")
    for mistake in MISTAKES:
        if mistake.title in verdicts:
            print(f"{mistake.title:78} {verdicts[mistake.title] or 'SURVIVES'}")
    unnoticed = [title for title, verdict in verdicts.items() if verdict is None]
    print(f"\n{summary(rows)}")
    print(f"{len(verdicts)} mistakes by hand: {len(verdicts) - len(unnoticed)} killed   ({time.perf_counter() - start:.0f} s)")
    return 1 if unnoticed or any(row.survivors or not row.checks for row in rows) else 0


if __name__ == "__main__":
    raise SystemExit(main())
