"""Build the site: `python docs/build.py`, then open build/site/html/index.html; it needs no server and no network.

Lessons and hand-written pages are copied, all that follows from the code is generated (docs/generate), and Sphinx makes pages
of it. The lessons run meanwhile; what they print and draw is kept until a lesson or the package changes. A lesson that fails,
a warning or a link to nothing fails the build.
"""

import argparse
import hashlib
import os
import re
import shutil
import sys
import time
from pathlib import Path

from generate import api, course, equations, errata, speed, tasks
from sphinx.cmd.build import build_main

import minis2s

DOCS = Path(__file__).parent
ROOT = DOCS.parent
SITE = ROOT / "build" / "site"


def main():
    parser = argparse.ArgumentParser(description="Build the site.")
    parser.add_argument("--to", type=Path, default=SITE, help="the folder to build in; default: build/site")
    parser.add_argument("--fresh", action="store_true", help="forget what was built before, and what the lessons printed")
    args = parser.parse_args()
    folder, began = args.to.resolve(), time.perf_counter()
    if args.fresh:
        shutil.rmtree(folder, ignore_errors=True)
    stage(folder / "source")
    failed = sphinx(folder)
    if not failed:
        print(f"{(folder / 'html' / 'index.html').as_uri()}   ({time.perf_counter() - began:.0f} s)")
    return failed


def stage(folder):
    """Write all that Sphinx reads. A file that has not changed keeps its time, so that only what changed is read again."""
    pages = {}
    for module in (course, equations, errata, api, tasks, speed):
        pages |= module.pages()
    contents = {folder / name: text.encode() for name, text in pages.items()}
    contents[folder / "index.md"] = (DOCS / "index.md").read_bytes()
    contents[folder / "labs.md"] = with_files_of_folders((DOCS / "labs.md").read_text("utf-8")).encode()
    contents |= {folder / path.relative_to(DOCS): path.read_bytes() for path in (DOCS / "labs").rglob("*") if path.is_file()}
    contents |= {folder / name: (ROOT / name).read_bytes() for name in ("README.md", "docs/attention.png")}
    for path in {path for path in folder.rglob("*") if path.is_file()} - set(contents):
        path.unlink()
    for path, content in contents.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)


def with_files_of_folders(text):
    """A link to a folder, which a page cannot show, becomes links to its files."""

    def files(match):
        name, folder = match.groups()
        found = sorted(path for path in (DOCS / folder).glob("*") if path.is_file())
        return f"{name} ({', '.join(f'[{path.name}]({folder}/{path.name})' for path in found)})" if found else match[0]

    return re.sub(r"\[([^]]*)\]\(([\w/]+)\)", files, text)


def sphinx(folder):
    """Sphinx's exit status."""
    kept = folder / "executed" / package_hash()  # what a lesson prints depends on the package as much as on the lesson
    for old in folder.glob("executed/*"):
        if old != kept:
            shutil.rmtree(old)
    quiet_kernels(folder / "ipython")
    options = ["-q", "-W", "--keep-going", "-n", "-d", folder / "doctrees", "-c", DOCS]
    options += ["-D", f"nb_execution_cache_path={kept}"]
    failed = build_main([*map(str, options), "-b", "html", str(folder / "source"), str(folder / "html")])
    if failed:  # or the next build would not read the faulty page again, and pass
        shutil.rmtree(folder / "doctrees", ignore_errors=True)
    return failed


def quiet_kernels(folder):
    """Kernels with settings of their own instead of the reader's, and without their warning about TCP on this machine."""
    settings = folder / "profile_default" / "ipython_kernel_config.py"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text('get_config().IPKernelApp.log_level = "ERROR"\n')
    os.environ["IPYTHONDIR"] = str(folder)


def package_hash():
    content = hashlib.sha256()
    for path in sorted(Path(minis2s.__file__).parent.rglob("*.py")):
        content.update(path.read_bytes())
    return content.hexdigest()[:16]


if __name__ == "__main__":
    sys.exit(main())
