"""`python -m minis2s`: the command line where the `minis2s` script is not on the path."""

import sys

from minis2s.cli import main

if __name__ == "__main__":
    sys.exit(main())
