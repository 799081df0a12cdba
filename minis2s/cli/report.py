"""Write one HTML page about a run: settings, curves, samples, attention, gradients, the hardest sentences, and its health.

The page holds everything that it shows: it needs no network and no other file, and can be sent to others. The sentences
are those of the dev data.
"""

from pathlib import Path

from minis2s.backend import keep_freed_memory, select
from minis2s.cli.arguments import add_backend
from minis2s.cli.output import console
from minis2s.files import replacing
from minis2s.reports.report import report
from minis2s.training.run import REPORT


def add_arguments(parser):
    parser.add_argument("run", metavar="RUN", help="a run's directory")
    parser.add_argument("--output", metavar="FILE", help="where to write (default: report.html in the run's directory)")
    add_backend(parser)


def run(args):
    keep_freed_memory()
    page = report(args.run, select(args.backend))
    output = Path(args.output) if args.output else Path(args.run) / REPORT
    with replacing(output) as file:
        file.write(page.encode())
    console().print(f"report     {output}", soft_wrap=True)
    return 0
