"""A run as one HTML page that needs neither network nor scripts."""

from minis2s.decoding.translator import Translator
from minis2s.reports import curves, sentences
from minis2s.reports.gather import run_record
from minis2s.reports.markup import element, page, section, table, together
from minis2s.training.run import Run


def report(path, backend=None):
    """The page of the run in the directory `path`. Raises DataError if it is no run, or has not finished an epoch."""
    record = run_record(path)
    model, languages, checkpoint = Run(path).load("best", backend)
    translator = Translator(model, *languages, max_source=10**9)
    parts = [_header(record, model, languages), _health(record)]
    if record.metrics:
        parts += [curves.curves(record), curves.epochs(record)]
    if record.translations:
        parts.append(sentences.samples(record.translations))
        parts.append(sentences.attention(translator, record.translations))
        parts.append(sentences.hardest(translator, record.translations))
    parts += [curves.gradients(record), curves.units(record), _settings(record)]
    made = f"minis2s report, of the model after epoch {checkpoint.record.get('epoch')}. The page holds everything it shows."
    return page(f"{record.path.name} · minis2s", *parts, element("footer", made))


def _header(record, model, languages):
    best, tiles = record.best, {}
    if best:
        tiles = {
            "best epoch": f"{best['epoch']} of {len(record.metrics)}",
            f"dev {record.best_by.replace('_', ' ')}": f"{best[f'dev_{record.best_by}']:.4g}",
            "dev loss": f"{best['dev_loss']:.4f}",
        }
        tiles |= {f"{label}, dev": f"{best[name]:.1f}" for name, label in curves.SCORES.items() if name in best}
    tiles |= {
        "parameters": f"{model.n_parameters():,}",
        "source vocabulary": f"{len(languages.source_vocabulary):,}",
        "target vocabulary": f"{len(languages.target_vocabulary):,}",
        "target tokens/s": f"{record.tokens_per_s:,.0f}" if record.tokens_per_s else "–",
        "training time": _duration(record.seconds),
    }
    shown = [element("div", element("b", value), element("span", name), class_="tile") for name, value in tiles.items()]
    return element(
        "header",
        element("h1", record.path.name),
        element("p", record.data, class_="note"),
        element("div", shown, class_="tiles"),
    )


def _health(record):
    if not record.findings:
        return section("Health", element("p", "Nothing to note: ", element("span", "no findings", class_="right"), "."))
    notes = [(element("b", f.name), f": {f.what}.", element("p", f"Hint: {f.hint}.")) for f in record.findings]
    return section("Health", [element("div", note, class_="finding") for note in notes])


def _settings(record):
    groups = {**record.settings, "counts of the data": record.counts, "environment": record.environment}
    boxes = [
        element("div", element("h3", title), table(["setting", "value"], [[name, _value(v)] for name, v in values.items()]))
        for title, values in groups.items()
        if values
    ]
    return section("Settings and environment", element("div", boxes, class_="boxes"))


def _value(value):
    if isinstance(value, (list, tuple)):
        return together([element("div", str(each)) for each in value]) if value else "–"
    return "–" if value is None else str(value)


def _duration(seconds):
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes, hours = seconds / 60, seconds / 3600
    return f"{minutes:.0f} min" if minutes < 120 else f"{hours:.1f} h"
