/** The style sheet of all pages. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --bg: #fbfaf8; --card: #ffffff; --ink: #1d1c1a; --soft: #68655f; --line: #e6e2db; --field: #f4f2ee;
  --run: #2f6f5e; --bad: #b3402e; --note: #80702f; --parked: #cfc8b9; --hatch: #c07f1f; --accent: #20493f;
  --good-bg: #dfeae5; --bad-bg: #f6e1dc; --bad-ink: #8c2c1d; --note-bg: #f1ead2; --note-ink: #5f511a; --plain-bg: #edeae4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #161614; --card: #1e1e1b; --ink: #ece9e2; --soft: #a39e93; --line: #32312d; --field: #262622;
    --run: #5fb79d; --bad: #e07a66; --note: #cbb765; --parked: #57534a; --hatch: #d9a04a; --accent: #9fd8c6;
    --good-bg: #21362f; --bad-bg: #40231d; --bad-ink: #f0a596; --note-bg: #39331d; --note-ink: #e2d08a; --plain-bg: #2c2b27;
  }
}
* { box-sizing: border-box }
html { -webkit-text-size-adjust: 100% }
body { margin: 0; background: var(--bg); color: var(--ink); font: 15px/1.5 ui-sans-serif, system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif }
a { color: inherit; text-decoration-color: var(--parked); text-underline-offset: 3px }
a:hover { text-decoration-color: currentColor }
:focus-visible { outline: 2px solid var(--run); outline-offset: 2px; border-radius: 4px }
.skip { position: absolute; left: -999px }
.skip:focus { left: 12px; top: 8px; background: var(--card); padding: 6px 12px; z-index: 2 }
header { border-bottom: 1px solid var(--line); background: var(--card) }
header > div { max-width: 1280px; margin: 0 auto; padding: 0 28px; display: flex; gap: 8px 28px; align-items: baseline; flex-wrap: wrap }
header b { font-weight: 650; letter-spacing: .01em; padding: 13px 0 }
header b a { text-decoration: none }
nav { display: flex; gap: 4px 20px; overflow-x: auto; scrollbar-width: none; padding: 0 2px }
nav a { color: var(--soft); text-decoration: none; padding: 13px 0 11px; border-bottom: 2px solid transparent; white-space: nowrap }
nav a:hover { color: var(--ink) }
nav a[aria-current] { color: var(--ink); border-bottom-color: var(--accent) }
header .mode { margin-left: auto; color: var(--soft); font-size: 13px }
main { max-width: 1280px; margin: 0 auto; padding: 26px 28px 60px }
h1 { font-size: 23px; line-height: 1.3; font-weight: 650; letter-spacing: -.01em; margin: 0; overflow-wrap: anywhere }
h2 { font-size: 15px; font-weight: 620; margin: 0 0 10px }
p { margin: 0 0 12px }
.title { display: flex; flex-wrap: wrap; gap: 6px 14px; align-items: center }
.title .actions { margin-left: auto }
.sub { color: var(--soft); margin: 3px 0 20px }
.soft { color: var(--soft) }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px 18px; margin: 0 0 20px; min-width: 0 }
.card > :last-child { margin-bottom: 0 }
.two { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0 20px; align-items: start }
.pill { display: inline-block; border-radius: 99px; padding: 1px 10px; font-size: 13px; line-height: 1.5; background: var(--plain-bg); color: var(--ink); white-space: nowrap }
.pill.completed, .pill.approved { background: var(--good-bg); color: var(--accent) }
.pill.failed, .pill.poisoned { background: var(--bad-bg); color: var(--bad-ink) }
.pill.paused, .pill.open { background: var(--note-bg); color: var(--note-ink) }
.pill.pending { background: transparent; box-shadow: inset 0 0 0 1px var(--run); color: var(--accent) }
.pill.parked { background: transparent; box-shadow: inset 0 0 0 1px var(--parked); color: var(--soft) }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(160px, 1fr)); gap: 1px; background: var(--line); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; margin: 0 0 20px }
.facts > div { background: var(--card); padding: 12px 18px 13px }
.facts dt { color: var(--soft); font-size: 13px }
.facts dd { margin: 0 }
.facts .figure { font-size: 20px; line-height: 1.5; font-variant-numeric: tabular-nums; letter-spacing: -.01em }
.facts .more { color: var(--soft); font-size: 13px }
.tabs { display: flex; flex-wrap: wrap; gap: 8px; margin: 0 0 16px; padding: 0; list-style: none }
.tabs a { display: inline-flex; gap: 8px; border: 1px solid var(--line); border-radius: 99px; padding: 4px 13px; background: var(--card); text-decoration: none; color: var(--soft) }
.tabs a span { font-variant-numeric: tabular-nums; color: var(--ink) }
.tabs a:hover { border-color: var(--parked) }
.tabs a[aria-current] { border-color: var(--accent); color: var(--ink) }
form.filter { display: flex; flex-wrap: wrap; gap: 12px; align-items: end; margin: 0 0 20px }
form.filter label { flex: 1 1 150px; min-width: 0 }
form.filter.tight { margin: 0 0 12px }
label { display: block; font-size: 13px; color: var(--soft) }
input, select, textarea { display: block; width: 100%; margin-top: 3px; font: inherit; font-size: 14px; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 7px; padding: 6px 10px; min-height: 36px }
button, .button { display: inline-block; font: inherit; font-size: 14px; line-height: 20px; color: var(--ink); background: var(--card); border: 1px solid var(--parked); border-radius: 7px; padding: 7px 14px; text-decoration: none; cursor: pointer; white-space: nowrap }
button:hover, .button:hover { border-color: var(--soft) }
button.main { background: var(--run); border-color: var(--run); color: var(--card) }
button.danger { background: var(--bad); border-color: var(--bad); color: var(--card) }
.actions { display: flex; flex-wrap: wrap; gap: 8px }
.actions.spaced { margin-top: 10px }
.scroll { position: relative; overflow-x: auto; margin: 0 -18px; padding: 0 18px }
table { width: 100%; border-collapse: collapse; font-size: 14px }
th { text-align: left; font-weight: 500; font-size: 13px; color: var(--soft); padding: 4px 16px 8px 0; border-bottom: 1px solid var(--line); white-space: nowrap }
td { padding: 8px 16px 8px 0; border-bottom: 1px solid var(--line); vertical-align: top }
tr:last-child td, tbody tr:last-child th { border-bottom: 0 }
tbody th { vertical-align: top; padding: 9px 16px 7px 0 }
th:last-child, td:last-child { padding-right: 0 }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
td.key { font-weight: 550; overflow-wrap: anywhere; min-width: 11em }
td.wide { overflow-wrap: anywhere }
td time, .nowrap { white-space: nowrap }
.tags { display: flex; flex-wrap: wrap; gap: 4px }
.tag { font-size: 12.5px; background: var(--field); border-radius: 5px; padding: 0 7px; overflow-wrap: anywhere }
.pages { display: flex; justify-content: space-between; align-items: center; gap: 12px; color: var(--soft); font-size: 14px }
.empty { color: var(--soft); text-align: center; padding: 34px 0 }
pre { margin: 0; font: 13px/1.55 ui-monospace, "SF Mono", Menlo, "DejaVu Sans Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere; max-height: 420px; overflow-y: auto }
code { font: 13px ui-monospace, "SF Mono", Menlo, "DejaVu Sans Mono", monospace; background: var(--field); padding: 1px 5px; border-radius: 4px; overflow-wrap: anywhere }
.notice { border-left: 3px solid var(--note); background: var(--note-bg); color: var(--note-ink); border-radius: 0 8px 8px 0; padding: 10px 16px; margin: 0 0 20px }
.notice.bad { border-color: var(--bad); background: var(--bad-bg); color: var(--bad-ink) }
.notice.good { border-color: var(--run); background: var(--good-bg); color: var(--accent) }
.notice code { background: transparent; padding: 0; color: inherit }
details { margin-top: 14px }
summary { cursor: pointer; color: var(--soft); font-size: 14px }
details > .scroll { margin-top: 10px }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; color: var(--soft); font-size: 13px; margin: 0 0 10px }
.legend svg { width: 22px; height: 11px; margin-right: 7px; vertical-align: -1px }
svg.waterfall { display: block; width: 100%; height: auto; font-size: 12.5px }
svg.narrow { display: none }
svg text { fill: var(--ink); font-variant-numeric: tabular-nums }
svg .note, svg .axis, svg .folded, svg .why { fill: var(--soft); font-size: 11.5px }
svg .tick { stroke: var(--line) }
svg .tick.minor { stroke-dasharray: 2 4 }
svg .rule { stroke: var(--line); stroke-dasharray: 1 4 }
svg .fold { fill: var(--field) }
svg .run { fill: var(--run) }
svg .failed { fill: var(--bad) }
svg .canceled { fill: var(--soft) }
svg .hatch-back { fill: var(--card) }
svg .hatch-line { stroke: var(--hatch); stroke-width: 3 }
svg .hatch-line.thin { stroke-width: 2.4; fill: none }
svg .parked { fill: var(--card); fill-opacity: .55; stroke: var(--parked); stroke-width: 1.3 }
svg .parked.queued { stroke-dasharray: 3 3 }
svg .parked.paused { stroke: var(--note); stroke-dasharray: 6 3 }
svg .mark { fill: var(--card); stroke-width: 2.6 }
svg .mark.good { stroke: var(--run) } svg .mark.bad { stroke: var(--bad) } svg .mark.note { stroke: var(--note) }
ul.waits, ul.waits ul { list-style: none; margin: 0; padding: 0 }
ul.waits ul { margin-left: 7px; padding-left: 17px; border-left: 1px solid var(--line) }
ul.waits li { padding: 3px 0; position: relative; overflow-wrap: anywhere }
ul.waits ul > li::before { content: ""; position: absolute; left: -17px; top: 14px; width: 11px; border-top: 1px solid var(--line) }
.wait b { font-weight: 550 }
.wait.running b { color: var(--accent) }
.wait.paused b { color: var(--note-ink) }
.confirm { max-width: 620px }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
a.bad { color: var(--bad) }
ul.plain { list-style: none; margin: 0; padding: 0 }
section.card > .title { margin-bottom: 10px }
section.card > .title h2 { margin: 0; overflow-wrap: anywhere }
dl.pairs { display: grid; grid-template-columns: minmax(90px, max-content) minmax(0, 1fr); gap: 4px 18px; margin: 0 }
dl.pairs dt { color: var(--soft) }
dl.pairs dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums }
@media (max-width: 860px) { .two { grid-template-columns: minmax(0, 1fr) } }
@media (max-width: 640px) {
  header > div { padding: 0 16px } header b { padding: 11px 0 0 } nav { width: 100%; gap: 4px 18px } nav a { padding: 6px 0 8px } header .mode { position: absolute; right: 16px; top: 12px }
  main { padding: 18px 16px 48px }
  .card { padding: 14px 14px } .scroll { margin: 0 -14px; padding: 0 14px }
  .facts { grid-template-columns: 1fr 1fr } .facts > div { padding: 10px 14px }
  svg.wide { display: none } svg.narrow { display: block }
  .title .actions { margin-left: 0 }
  .facts > :last-child:nth-child(odd) { grid-column: 1 / -1 }
  form.filter label { flex-basis: 40% }
  table.stacks thead { position: absolute; left: -9999px }
  table.stacks, table.stacks tbody { display: block }
  table.stacks tr { display: grid; grid-template-columns: 1fr auto; gap: 2px 12px; padding: 10px 0; border-bottom: 1px solid var(--line) }
  table.stacks tr:last-child { border-bottom: 0 }
  table.stacks td { display: block; padding: 0; border: 0; text-align: left }
  table.stacks td:nth-child(even) { text-align: right; justify-self: end }
  table.stacks td:empty { display: none }
  table.stacks .tags { justify-content: flex-end }
}
`;
