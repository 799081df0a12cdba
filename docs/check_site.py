"""Check the built site as a reader has it: `python docs/check_site.py` opens every page in Chromium, by file://, offline.

It fails on what a page writes to the console, on requests that fail or leave the site, on formulas that are not rendered, on
pictures that are not there, on a page that scrolls sideways (at the width of a phone, too), on links to nothing, and if the
search does not find what it should.
"""

import argparse
import sys
from pathlib import Path
from urllib.parse import quote, unquote, urldefrag, urljoin

from browser import Browser

SITE = Path(__file__).parent.parent / "build" / "site" / "html"
DESKTOP, PHONE = 1280, 390

# What a page tells of itself: `marked` formulas in the text, `formulas` on show with their sizes, errors among them, LaTeX and
# Markdown in texts that are no code, sizes of pictures, links and anchors.
PAGE = r"""(async () => {
  for (const image of document.images) image.loading = 'eager';
  await Promise.all([...document.images].map(image => image.decode().catch(() => {})));
  const all = (selector, value) => [...document.querySelectorAll(selector)].map(value);
  const shown = element => !element.closest('details:not([open])') && element.checkVisibility();
  for (const fold of document.querySelectorAll('article details')) fold.open = true;
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const raw = [];
  for (let text; (text = texts.nextNode());) {
    if (text.parentElement.closest('pre, code, script, style, mjx-container, .source')) continue;
    const found = text.data.match(/\$[^$]*\$|\\[(\[]|\\[a-z]{2,}|:::|```/i);
    if (found) raw.push(text.data.trim().slice(0, 80));
  }
  const zero = element => { const box = element.getBoundingClientRect(); return !(box.width > 1 && box.height > 1); };
  const formulas = [...document.querySelectorAll('mjx-container')];
  return {
    title: document.title,
    marked: document.querySelectorAll('.math').length,
    formulas: formulas.length,
    unrendered: all('.math', e => e.querySelector('mjx-container svg') ? '' : e.textContent).filter(text => text),
    flat: formulas.filter(f => shown(f) && zero(f.querySelector('svg'))).map(f => f.textContent.slice(0, 80)),
    errors: all('mjx-merror, [data-mml-node="merror"]', e => e.getAttribute('data-mjx-error') || e.textContent),
    raw,
    pictures: all('img', image => [image.src, image.naturalWidth]),
    links: all('a[href]', link => link.href),
    anchors: all('[id], a[name]', element => element.id || element.name),
  };
})()"""

# Elements that reach beyond the window, if the page scrolls at all.
SIDEWAYS = """(() => {
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return [];
  const wide = [...document.querySelectorAll('article *')].filter(e => e.getBoundingClientRect().right > width + 1);
  return [`${document.documentElement.scrollWidth} px: ` + wide.slice(0, 3).map(e => e.outerHTML.slice(0, 100)).join(' … ')];
})()"""

SEARCHES = {"forget gate": "lessons/05_lstm_cell", "D0.4": "equations/D0", "注意力": "lessons/08", "cross_entropy": "api/"}
FOUND = """new Promise(done => {
  const look = left => {
    const said = document.querySelector('#search-results .search-summary')?.textContent ?? '';
    const finished = /found|match/i.test(said) && !/searching/i.test(said);
    finished || !left ? setTimeout(() => done([...document.querySelectorAll('#search-results li a')].map(a => a.href)), 500)
                      : setTimeout(look, 100, left - 1);
  };
  look(100);
})"""


def main():
    parser = argparse.ArgumentParser(description="Check the built site in headless Chromium.")
    parser.add_argument("site", type=Path, nargs="?", default=SITE, help="the folder of HTML; default: build/site/html")
    site = parser.parse_args().site.resolve()
    files = sorted(site.rglob("*.html"))
    if not files:
        sys.exit(f"no pages in {site}; build them first: python docs/build.py")
    with Browser() as browser:
        pages = {file: read(browser, file, site) for file in files}
        problems = [(file, problem) for file, page in pages.items() for problem in page["problems"] + dead_links(file, pages)]
        if (site / "search.html").exists():
            problems += [(site / "search.html", problem) for problem in search(browser, site)]
    for file, problem in problems:
        print(f"{file.relative_to(site)}: {problem}")
    counts = [sum(page["formulas"] for page in pages.values()), sum(len(page["pictures"]) for page in pages.values())]
    counts += [sum(len(page["links"]) for page in pages.values()), len(problems)]
    print(f"{len(pages)} pages, {counts[0]} formulas, {counts[1]} pictures, {counts[2]} links: {counts[3]} problems")
    return 1 if problems else 0


def read(browser, file, site):
    """What a page tells of itself, with its own `problems`."""
    browser.size(DESKTOP)
    browser.go(file.as_uri())
    page = browser.ask(PAGE)
    problems = complaints(browser.events, site)
    problems += [f"formula not rendered: {text}" for text in page["unrendered"]]
    problems += [f"formula with an error: {text}" for text in page["errors"]]
    problems += [f"formula without a size: {text}" for text in page["flat"]]
    problems += [f"LaTeX or Markdown in the text: {text}" for text in page["raw"]]
    problems += [f"picture not shown: {name}" for name, width in page["pictures"] if width == 0]
    if page["formulas"] != page["marked"]:
        problems.append(f"{page['marked']} formulas are marked, {page['formulas']} are shown")
    for width in (DESKTOP, PHONE):
        browser.size(width)
        problems += [f"scrolls sideways at {width} px: {text}" for text in browser.ask(SIDEWAYS)]
    return page | {"problems": problems}


def complaints(events, site):
    """Errors that the browser told of, and requests for anything outside of the site."""
    found = []
    for event in events:
        method, told = event.get("method"), event.get("params", {})
        if method == "Runtime.exceptionThrown":
            details = told["exceptionDetails"]
            found.append(f"script failed: {details.get('exception', {}).get('description', details['text'])}")
        elif method == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning", "assert"):
            found.append(f"console: {' '.join(str(each.get('value', each.get('description'))) for each in told['args'])}")
        elif method == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
            found.append(f"browser: {told['entry']['text']} {told['entry'].get('url', '')}")
        elif method == "Network.requestWillBeSent" and not told["request"]["url"].startswith((site.as_uri(), "data:", "blob:")):
            found.append(f"request leaves the site: {told['request']['url']}")
    return found


def dead_links(file, pages):
    """Links to files that are not there, or to places that a page does not have. Links to the web are not followed."""
    found = []
    for link in dict.fromkeys(pages[file]["links"]):
        address, fragment = urldefrag(urljoin(file.as_uri(), link))
        if not address.startswith("file:"):
            continue
        target = Path(unquote(address.removeprefix("file://")))
        if not target.is_file():
            found.append(f"link to nothing: {link}")
        elif target in pages and fragment and unquote(fragment) not in pages[target]["anchors"]:
            found.append(f"link to a place that {target.name} has not: {link}")
    return found


def search(browser, site):
    """Problems of the search page: each query must find its page."""
    found = []
    for query, expected in SEARCHES.items():
        browser.go(f"{(site / 'search.html').as_uri()}?q={quote(query)}")
        hits = browser.ask(FOUND)
        if not any(expected in hit for hit in hits):
            found.append(f"search for {query} does not find {expected}: {hits[:5]}")
        found += [f"search for {query}: {problem}" for problem in complaints(browser.events, site)]
    return found


if __name__ == "__main__":
    sys.exit(main())
