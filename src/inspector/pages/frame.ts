import { html } from "hono/html";
import { digest } from "../../core/crypto/digest.ts";
import { LIVE_SCRIPT } from "../assets/live-script.ts";
import { STYLE } from "../assets/style.ts";
import type { Markup } from "../text/markup.ts";

/** The pages that the navigation names, with their paths. */
const SECTIONS = [
  ["Flows", ""],
  ["Functions", "/functions"],
  ["States", "/states"],
  ["Approvals", "/approvals"],
  ["Dead letters", "/dead-letters"],
  ["Engine", "/engine"],
] as const;

export type Section = (typeof SECTIONS)[number][0];

/** The frame of a page. */
export interface Frame {
  /** Path at which the inspector is mounted. Empty at the root. */
  readonly base: string;
  readonly title: string;
  readonly section: Section | undefined;
  readonly readOnly: boolean;
  /** Address of the events that tell that the page has changed. */
  readonly live?: string;
}

const STYLE_VERSION = digest(STYLE).slice(0, 12);
const SCRIPT_VERSION = digest(LIVE_SCRIPT).slice(0, 12);

/** Puts the contents of a page into its frame. */
export function framed({ base, title, section, readOnly, live }: Frame, contents: Markup): Markup {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Handback</title>
<link rel="icon" href="${base}/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="${base}/assets/style.css?${STYLE_VERSION}">
<script src="${base}/assets/live.js?${SCRIPT_VERSION}" defer></script>
</head>
<body${live === undefined ? "" : html` data-live="${live}"`}>
<a class="skip" href="#main">Skip to the contents</a>
<header><div><b><a href="${base === "" ? "/" : base}">Handback</a></b>
<nav aria-label="Pages">${SECTIONS.map(
    ([name, path]) =>
      html`<a
        href="${base}${path === "" && base === "" ? "/" : path}"
        ${name === section && html` aria-current="page"`}
        >${name}</a
      >`,
  )}</nav>${readOnly && html`<span class="mode">read-only</span>`}</div></header>
<main id="main">${contents}</main>
</body>
</html>`;
}
