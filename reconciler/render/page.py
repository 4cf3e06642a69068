"""The frame of an HTML page that needs nothing from anywhere: its style, its script and what it may do.

Pure. The page's own policy forbids everything but this one style and this one script, by their hashes, so
that even a text which escaped its place could do nothing.
"""

from __future__ import annotations

import base64
import hashlib

from reconciler.render.escape import escape_html

_STYLE = """
:root {
  color-scheme: light dark;
  --paper: #fbfbf9; --card: #ffffff; --ink: #1d2327; --soft: #5a646c; --rule: #dcdfe1; --fill: #f1f2f0;
  --create: #176b3a; --update: #7a5200; --delete: #a3201d; --blocked: #7b2a86; --keep: #5a646c;
  --warn: #fdf3e1; --warn-rule: #c98a1b; --focus: #1d5fbf;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15181a; --card: #1d2123; --ink: #e6e8e9; --soft: #a3adb4; --rule: #353b3f; --fill: #272c2f;
    --create: #74d69b; --update: #e9b95d; --delete: #ff9a94; --blocked: #dd9ee6; --keep: #a3adb4;
    --warn: #33291a; --warn-rule: #c98a1b; --focus: #8ab8ff;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body {
  margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 70rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  overflow-wrap: anywhere;
}
h1 { margin: 0; font-size: 1.75rem; line-height: 1.2; letter-spacing: -.01em; text-wrap: balance; }
h2 { margin: 2.5rem 0 .75rem; font-size: 1.2rem; }
h3 { margin: 0; font-size: 1.05rem; font-weight: 650; overflow-wrap: anywhere; }
p, ul, ol { margin: .5rem 0; }
code {
  font: .9em/1.5 ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, monospace;
  overflow-wrap: anywhere; unicode-bidi: isolate;
}
.soft { color: var(--soft); }
.counts { display: flex; flex-wrap: wrap; gap: .5rem; margin: 1.5rem 0; padding: 0; list-style: none; }
.counts li {
  flex: 1 1 6rem; padding: .6rem .9rem; border: 1px solid var(--rule); border-radius: .5rem;
  background: var(--card); color: var(--soft); font-size: .85rem;
}
.counts b {
  display: block; color: var(--ink); font-size: 1.5rem; line-height: 1.2;
  font-variant-numeric: tabular-nums;
}
.counts .none b { color: var(--soft); font-weight: 400; }
.callout {
  margin: 1.5rem 0; padding: .75rem 1rem; border-left: .25rem solid var(--warn-rule);
  border-radius: .25rem; background: var(--warn); overflow-wrap: anywhere;
}
.search { position: sticky; top: 0; z-index: 1; padding: .75rem 0; background: var(--paper); }
.search input {
  width: min(24rem, 100%); padding: .45rem .7rem; border: 1px solid var(--soft); border-radius: .4rem;
  background: var(--card); color: inherit; font: inherit;
}
:focus-visible { outline: .2rem solid var(--focus); outline-offset: .1rem; }
article {
  margin: .75rem 0; padding: 1rem 1.1rem; border: 1px solid var(--rule); border-radius: .5rem;
  background: var(--card); overflow-x: auto;
}
article > header { display: flex; flex-wrap: wrap; gap: .25rem .9rem; align-items: baseline; }
.badge {
  padding: .05rem .5rem; border: 1px solid currentcolor; border-radius: 1rem; font-size: .8rem;
  font-weight: 600; white-space: nowrap;
}
.create { color: var(--create); } .update { color: var(--update); } .delete { color: var(--delete); }
.blocked { color: var(--blocked); } .keep { color: var(--keep); }
table { width: 100%; margin-top: .75rem; border-collapse: collapse; font-size: .92rem; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th, td { padding: .35rem .6rem .35rem 0; border-top: 1px solid var(--rule); text-align: left; }
td { min-width: 5rem; vertical-align: top; overflow-wrap: anywhere; }
td:first-child { min-width: 7.5rem; }
td:nth-child(2) { min-width: 8.5rem; }
td.number { min-width: 2rem; }
th { color: var(--soft); font-size: .8rem; font-weight: 600; white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
footer { margin-top: 3rem; color: var(--soft); font-size: .85rem; overflow-wrap: anywhere; }
@media print {
  :root { --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --rule: #bbb; --warn: #fff; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  .search { display: none; }
  article { padding: .5rem .75rem; overflow: visible; }
  article > header, tr { break-inside: avoid; }
  h2, article > header { break-after: avoid; }
}
"""
_SCRIPT = """
"use strict";
(() => {
  const box = document.getElementById("filter");
  const told = document.getElementById("shown");
  const rows = [...document.querySelectorAll("[data-row]")].map(
    (node) => ({ node, text: node.textContent.toLowerCase() }));
  const sections = [...document.querySelectorAll("section[data-rows]")];
  const apply = () => {
    const words = box.value.toLowerCase().split(/\\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      row.node.hidden = !words.every((word) => row.text.includes(word));
      shown += row.node.hidden ? 0 : 1;
    }
    for (const section of sections) {
      section.hidden = !section.querySelector("[data-row]:not([hidden])");
    }
    told.textContent = words.length ? `${shown} of ${rows.length} shown` : "";
  };
  box.addEventListener("input", apply);
  document.getElementById("search").hidden = rows.length < 2;
  apply();
})();
"""


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_POLICY = (
    f"default-src 'none'; style-src {_hash(_STYLE)}; script-src {_hash(_SCRIPT)}; "
    "base-uri 'none'; form-action 'none'"
)
_SEARCH = """<div class="search" id="search" role="search" hidden>
<label for="filter">Filter</label>
<input id="filter" type="search" autocomplete="off" spellcheck="false">
<output id="shown" for="filter"></output>
</div>"""


def build_page(title: str, head: str, body: str, foot: str) -> str:
    """Build a page: a title in plain words, and HTML for what stands above the filter, below it and last."""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{escape_html(_POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{escape_html(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<header>
{head}
</header>
<main>
{_SEARCH}
{body}
</main>
<footer>
{foot}
</footer>
<script>{_SCRIPT}</script>
</body>
</html>
"""
