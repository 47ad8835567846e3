"""How a page looks: light or dark as the reader's system is, wide or narrow, on a screen or on paper."""

LIGHT = {
    "ink": "#1f2933",
    "muted": "#52606d",
    "paper": "#f4f6f8",
    "card": "#ffffff",
    "line": "#d5dbe2",
    "accent": "#00609a",
    "good": "#00724f",
    "fair": "#8a5a00",
    "bad": "#b23c00",
}
DARK = {
    "ink": "#e4e8ee",
    "muted": "#a6b2c0",
    "paper": "#12171d",
    "card": "#1b222b",
    "line": "#344050",
    "accent": "#7cc1f0",
    "good": "#4fcfa3",
    "fair": "#eab54d",
    "bad": "#ff9a62",
}


def _colours(names: dict[str, str]) -> str:
    return " ".join(f"--{name}: {colour};" for name, colour in names.items())


STYLE = (
    f"""
:root {{ color-scheme: light dark; {_colours(LIGHT)} }}
@media (prefers-color-scheme: dark) {{ :root {{ {_colours(DARK)} }} }}
"""
    + """
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 1rem; }
body { margin: 0 auto; max-width: 1120px; padding: 2.2rem 1.4rem 3rem; background: var(--paper); color: var(--ink);
  line-height: 1.5;
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .2rem; letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 0 0 .3rem; }
h3 { font-size: 1.05rem; margin: .6rem 0 .2rem; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
main:focus { outline: none; }
.skip { position: absolute; left: -999rem; padding: .5rem 1rem; background: var(--card); border-radius: 0 0 8px 0; }
.skip:focus { left: 0; top: 0; }
.lead { color: var(--muted); margin: 0 0 1.3rem; }
.numbers { display: grid; gap: .9rem; margin: 0 0 1.2rem; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); }
.number { display: flex; flex-direction: column-reverse; justify-content: flex-end; padding: .8rem 1rem; }
.number dd { margin: 0; font-size: 1.6rem; font-weight: 650; line-height: 1.25; }
.number.main dd { color: var(--accent); }
.number dt { color: var(--muted); font-size: .88rem; }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; padding: 0; margin: 0 0 1.2rem; }
nav a { display: inline-block; padding: .25rem 0; font-size: .93rem; text-decoration: none; }
nav a:hover { text-decoration: underline; }
section { margin-bottom: 1.2rem; padding: 1.2rem 1.4rem 1.3rem; }
section, .number { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
section > p, section > ul { color: var(--muted); margin: 0 0 .9rem; max-width: 90ch; }
section > ul { padding-left: 1.2rem; }
section > :last-child { margin-bottom: 0; }
.good, .fair, .bad { border-left-width: 6px; }
.good { border-left-color: var(--good); }
.fair { border-left-color: var(--fair); }
.bad { border-left-color: var(--bad); }
section > .headline { color: var(--ink); font-size: 1.12rem; font-weight: 600; margin-bottom: .5rem; }
section > .advice { color: var(--ink); }
figure { margin: 0 0 1rem; border-radius: 8px; text-align: center; }
figure img { max-width: 100%; height: auto; vertical-align: bottom; border-radius: 8px; }
.photo { background: #ffffff; }
.scroll, .table { overflow-x: auto; }
.grid { display: grid; gap: .4rem 1rem; grid-template-columns: repeat(auto-fit, minmax(min(300px, 100%), 1fr)); }
.grid figure { margin: 0; }
.table { margin-bottom: .9rem; font-variant-numeric: tabular-nums; font-size: .84rem; }
.table table { min-width: 900px; }
.pairs { display: grid; grid-template-columns: minmax(4rem, max-content) 1fr; gap: .3rem 1rem; margin: .2rem 0 1rem; }
.pairs dt { color: var(--muted); }
.pairs dd { margin: 0; max-width: 90ch; overflow-wrap: anywhere; }
code { background: var(--paper); border-radius: 4px; padding: .1rem .3rem; font-size: .9em; }
.settings { border-collapse: collapse; margin-bottom: 1rem; }
.settings th { text-align: left; font-weight: 500; color: var(--muted); padding: .22rem 1.6rem .22rem 0;
  vertical-align: top; }
.settings td { padding: .22rem 0; overflow-wrap: anywhere; }
pre { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: .8rem 1rem; margin: 0;
  white-space: pre-wrap; overflow-wrap: anywhere; font-size: .88rem; }
footer { color: var(--muted); font-size: .85rem; display: flex; flex-wrap: wrap; justify-content: space-between;
  gap: 0 2rem; }
@media (prefers-color-scheme: dark) { .chart img { filter: invert(.91) hue-rotate(180deg); } }
@media (max-width: 600px) { body { padding: 1.2rem .7rem 2rem; } section { padding: .9rem .9rem 1rem; }
  h1 { font-size: 1.55rem; } .number dd { font-size: 1.3rem; } .settings th { padding-right: .8rem; } }
@media print { nav, .skip, footer a { display: none; } section { break-inside: avoid; }
  .scroll img { min-width: 0 !important; } .chart img { filter: none; } }
"""
    + f"@media print {{ :root {{ color-scheme: light; {_colours(LIGHT)} }} }}\n"
)
