"""How a page looks: one column that becomes narrow gracefully, light or dark as the reader's system is."""

STYLE = """
:root { --paper: #fff; --ink: #1c2126; --soft: #5d6873; --rule: #d9dee3; --panel: #f5f7f9; --warn: #9a4a00; --good: #1d7a3c;
  --heat: 31, 111, 181; --c0: #1f6fb5; --c1: #cc5a00; --c2: #23843f; --c3: #9437a0; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181c; --ink: #e3e7ea; --soft: #9aa5af; --rule: #343c44;
  --panel: #1d2329; --warn: #f0a355; --good: #62c583; --heat: 88, 160, 230; --c0: #62aef0; --c1: #f29a4a; --c2: #66c983;
  --c3: #d68be0; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 68rem; margin: 0 auto; padding: 1.2rem 1rem 3rem; }
h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 0 0 .3rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; overflow-wrap: anywhere; }
section { margin-top: 2.2rem; }
p { margin: .3rem 0; }
.note, figcaption, .legend { color: var(--soft); font-size: .88rem; max-width: 48rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); gap: .6rem; margin-top: 1rem; }
.tile { background: var(--panel); border-radius: 6px; padding: .5rem .7rem; }
.tile b { display: block; font-size: 1.15rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.tile span { color: var(--soft); font-size: .82rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(20rem, 100%), 1fr)); gap: 1.2rem;
  margin-top: .8rem; }
figure { margin: 0; min-width: 0; display: flex; flex-direction: column; justify-content: space-between; }
.boxes { columns: 18rem; column-gap: 2rem; }
.boxes > div { break-inside: avoid; padding-top: .1rem; }
.map thead td { border: 0; }
figcaption b { color: var(--ink); font-size: .95rem; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--soft); font: 12px system-ui, sans-serif; }
.axis { stroke: var(--rule); stroke-width: 1; }
.s { fill: none; stroke-width: 2; stroke-linejoin: round; }
.s0 { stroke: var(--c0); }
.s1 { stroke: var(--c1); stroke-dasharray: 7 3; }
.s2 { stroke: var(--c2); stroke-dasharray: 2 3; }
.s3 { stroke: var(--c3); stroke-dasharray: 9 3 2 3; }
circle.s0 { fill: var(--c0); }
circle.s1 { fill: var(--c1); }
circle.s2 { fill: var(--c2); }
circle.s3 { fill: var(--c3); }
.legend { display: flex; flex-wrap: wrap; gap: 0 1rem; }
.legend svg { display: inline; width: 26px; height: 8px; margin-right: 4px; }
.scroll { overflow-x: auto; margin-top: .5rem; }
table { border-collapse: collapse; font-size: .88rem; }
th, td { text-align: left; padding: .22rem .7rem .22rem 0; vertical-align: top; }
thead th { border-bottom: 1px solid var(--rule); font-weight: 600; white-space: nowrap; }
tbody tr + tr td { border-top: 1px solid var(--rule); }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.finding { border-left: 4px solid var(--warn); background: var(--panel); padding: .5rem .8rem; margin: .5rem 0; }
.finding b { color: var(--warn); }
.right { color: var(--good); }
.wrong { color: var(--warn); }
.sentences { margin: .6rem 0 0; padding: 0; list-style: none; display: grid; gap: .6rem 1.6rem;
  grid-template-columns: repeat(auto-fill, minmax(min(24rem, 100%), 1fr)); }
.sentences dl { margin: 0; display: grid; grid-template-columns: 5.2rem 1fr; gap: 0 .5rem; border-left: 3px solid var(--rule);
  padding-left: .7rem; }
.sentences dt { color: var(--soft); font-size: .85rem; }
.sentences dd { margin: 0; overflow-wrap: anywhere; }
.map td { width: 1.9rem; min-width: 1.9rem; height: 1.6rem; padding: 0; text-align: center; vertical-align: middle;
  font-size: .68rem; border: 1px solid var(--rule); font-variant-numeric: tabular-nums; }
.map th { padding: .15rem .4rem; font-weight: 400; white-space: nowrap; }
.map tbody th { text-align: right; }
.map thead th { border: 0; writing-mode: vertical-rl; text-orientation: sideways; transform: rotate(180deg); text-align: left;
  padding: .2rem; margin: auto; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr)); gap: 0 2rem; }
.map thead th.short { writing-mode: horizontal-tb; transform: none; text-align: center; vertical-align: bottom; }
footer { margin-top: 3rem; color: var(--soft); font-size: .82rem; border-top: 1px solid var(--rule); padding-top: .6rem; }
"""
