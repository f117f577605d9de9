import { framed } from "../pages/frame.ts";
import type { Frame } from "../pages/frame.ts";
import type { Markup } from "../text/markup.ts";

/**
 * Headers of every answer. Nothing is loaded from elsewhere, and nothing that is part of the page
 * itself runs or styles it. The address of a page is sent to no other site; a form says where it comes
 * from, which `no-referrer` would hide.
 */
const HEADERS = {
  "Cache-Control": "no-store",
  "Content-Security-Policy":
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
} as const;

/** Makes the answer with a page. */
export async function pageAnswer(
  frame: Frame,
  contents: Markup,
  { status = 200, headers = {} }: AnswerOptions = {},
): Promise<Response> {
  const all = { ...HEADERS, "Content-Type": "text/html; charset=utf-8", ...headers };
  return new Response(await framed(frame, contents), { status, headers: all });
}

interface AnswerOptions {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Adds the headers of every answer to one that somebody else made. */
export function withHeaders(response: Response): Response {
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}

/** Makes an answer with a file of the inspector, which a browser keeps for a day. */
export function assetAnswer(text: string, type: string): Response {
  const kept = { "Content-Type": type, "Cache-Control": "private, max-age=86400" };
  return new Response(text, { headers: { ...HEADERS, ...kept } });
}

/** Sends the browser to another page after an action. */
export function redirectAnswer(to: string): Response {
  return new Response(null, { status: 303, headers: { ...HEADERS, Location: to } });
}
