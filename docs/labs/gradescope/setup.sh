#!/usr/bin/env bash
# Gradescope runs this once, when it builds the autograder's image. The zip holds this file, run_autograder, rubric.toml and
# a wheel of minis2s: pip wheel --no-deps --wheel-dir docs/labs/gradescope .
set -euo pipefail

apt-get update
apt-get install -y python3-pip
pip install uv || pip install --break-system-packages uv

# Not below /root: submissions run as nobody, who must be able to read Python and NumPy.
export UV_PYTHON_INSTALL_DIR=/opt/python
uv venv --python 3.12 /autograder/venv
uv pip install --python /autograder/venv/bin/python /autograder/source/minis2s-*.whl
