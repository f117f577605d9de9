/** The style sheet of all pages: made for a phone first, light and dark. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --bg: #f6f4f0; --card: #fff; --ink: #1d1c1a; --soft: #625f59; --line: #e3dfd7;
  --yes: #20614f; --yes-ink: #fff; --no: #a3301f; --note: #f1ead2; --note-ink: #57490f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --bg: #151513; --card: #1f1f1c; --ink: #eceae4; --soft: #aaa59a; --line: #35342f;
    --yes: #7fd0b6; --yes-ink: #0d2019; --no: #f09b8b; --note: #39331d; --note-ink: #eadb9c;
  }
}
* { box-sizing: border-box }
html { -webkit-text-size-adjust: 100% }
body { margin: 0; min-height: 100vh; background: var(--bg); color: var(--ink); font: 17px/1.5 ui-sans-serif, system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif }
main { max-width: 34rem; margin: 0 auto; padding: 24px 16px 48px }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 16px; padding: 22px 20px }
h1 { font-size: 24px; line-height: 1.25; letter-spacing: -.01em; margin: 0 0 8px; overflow-wrap: anywhere }
p { margin: 0 0 14px; overflow-wrap: anywhere }
.soft { color: var(--soft) }
.text { white-space: pre-line }
dl { margin: 18px 0; display: grid; grid-template-columns: minmax(6rem, auto) 1fr; gap: 8px 16px; border-top: 1px solid var(--line); padding-top: 16px }
dt { color: var(--soft) }
dd { margin: 0; overflow-wrap: anywhere }
form { margin: 0 }
label { display: block; margin: 0 0 6px; color: var(--soft); font-size: 15px }
input[type=text], textarea { width: 100%; font: inherit; color: inherit; background: var(--bg); border: 1px solid var(--line); border-radius: 10px; padding: 11px 12px; margin: 0 0 14px }
textarea { min-height: 84px; resize: vertical }
.choices { display: grid; grid-template-columns: 1fr 1fr; gap: 12px }
.choices > :only-child { grid-column: 1 / -1 }
button { font: inherit; font-weight: 620; min-height: 52px; border-radius: 12px; border: 2px solid var(--line); background: transparent; color: inherit; padding: 10px 16px; cursor: pointer; width: 100% }
button.approve { background: var(--yes); border-color: var(--yes); color: var(--yes-ink) }
button.reject { color: var(--no); border-color: currentColor }
:focus-visible { outline: 3px solid var(--yes); outline-offset: 2px }
details { margin-top: 18px; border-top: 1px solid var(--line); padding-top: 14px }
summary { cursor: pointer; color: var(--soft); min-height: 32px }
details form { padding-top: 10px }
.note { background: var(--note); color: var(--note-ink); border-radius: 10px; padding: 12px 14px; margin: 0 0 16px }
ul { margin: 0; padding: 0; list-style: none }
li { padding: 8px 0; border-top: 1px solid var(--line) }
h2 { font-size: 15px; font-weight: 600; color: var(--soft); margin: 22px 0 6px }
footer { color: var(--soft); font-size: 14px; padding: 16px 4px 0; text-align: center }
`;
