/**
 * The page's own style: nothing is loaded from elsewhere, so that a report opens offline and in ten years.
 */
export const STYLE = `
:root { color-scheme: light dark; --ink: #1c1e21; --soft: #5c6470; --paper: #f6f7f9; --card: #fff; --line: #d9dde3; --warn: #7a3b00; --warn-paper: #fff1dc; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8eb; --soft: #a0a8b4; --paper: #15171a; --card: #1d2024; --line: #363b43; --warn: #ffd9a3; --warn-paper: #4a2f0b; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
main { max-width: 1060px; margin: 0 auto; padding: 32px 24px 48px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 36px 0 10px; }
.lead { color: var(--soft); margin: 0 0 20px; }
.banner { background: var(--warn-paper); color: var(--warn); border-left: 5px solid currentColor; border-radius: 4px; padding: 10px 16px; margin: 0 0 20px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 18px; margin: 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
code { font: 13px/1.5 ui-monospace, "DejaVu Sans Mono", monospace; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; background: var(--card); font-size: 14px; }
th, td { padding: 6px 12px; border-bottom: 1px solid var(--line); text-align: left; white-space: nowrap; }
thead th { color: var(--soft); font-weight: 500; vertical-align: bottom; white-space: normal; }
tbody th { font-weight: 600; }
.note { color: var(--soft); font-size: 13px; margin: 8px 0 0; overflow-wrap: anywhere; }
.summary table { width: 100%; border-top: 1px solid var(--line); }
th.right, td.right { text-align: right; }
.charts { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 20px; }
figure { margin: 0; background: #fff; color: #1c1e21; color-scheme: light; border: 1px solid var(--line); border-radius: 6px; padding: 14px 16px; min-width: 0; }
figure.wide { grid-column: 1 / -1; }
figcaption { font-weight: 600; margin-bottom: 6px; }
figure svg { display: block; width: 100%; height: auto; }
details { margin-top: 8px; font-size: 13px; --card: #fff; --soft: #5c6470; --line: #d9dde3; }
summary { cursor: pointer; color: #5c6470; }
details table { font-size: 12px; }
details th, details td { padding: 2px 10px; }
footer { margin-top: 36px; color: var(--soft); font-size: 13px; }
@media (max-width: 760px) { .charts { grid-template-columns: minmax(0, 1fr); } main { padding: 20px 12px; } }
@media print {
  :root { --ink: #000; --soft: #444; --paper: #fff; --card: #fff; --line: #bbb; --warn: #000; --warn-paper: #fff; }
  body { font-size: 11px; } main { max-width: none; padding: 0; } table { font-size: 11px; } th, td { padding: 4px 6px; }
  figure, tr, .banner { break-inside: avoid; } h2 { break-after: avoid; } details { display: none; }
  .banner { border: 2px solid #000; }
}
`;
