import { ProblemError } from "../responses/problem.ts";
import type { NodeRequest } from "./node-request.ts";

/** A body: its bytes, or the value that a parser in front of the app has made of them. */
export type Body = { readonly bytes: Uint8Array } | { readonly value: unknown };

/**
 * Takes the body that a parser in front of the app has read and left on the request, as `rawBody`
 * or `body`.
 *
 * @throws a `ProblemError` if it left none, or if its meaning is unclear
 */
export function takeParsedBody(request: NodeRequest | undefined): Body {
  const { rawBody, body, headers } = request ?? {};
  for (const kept of [rawBody, body]) if (isBytes(kept)) return { bytes: kept };
  if (typeof rawBody === "string") return { bytes: new TextEncoder().encode(rawBody) };
  if (typeof body === "string") return readText(body, headers?.["content-length"]);
  if (body === undefined || isPlaceholder(body, headers?.["content-length"]))
    throw new ProblemError("BODY_ALREADY_READ");
  return { value: body };
}

/** Many parsers leave an empty object in place of a body that they do not read. */
function isPlaceholder(body: unknown, contentLength: string | undefined): boolean {
  return (
    Number(contentLength) !== "{}".length &&
    typeof body === "object" &&
    body !== null &&
    !Array.isArray(body) &&
    Object.keys(body).length === 0
  );
}

/**
 * A text is either the JSON itself or the string that the JSON describes. The string is always
 * shorter than its JSON, which has quotes.
 */
function readText(text: string, contentLength: string | undefined): Body {
  if (contentLength === undefined) throw new ProblemError("BODY_ALREADY_READ");
  const bytes = new TextEncoder().encode(text);
  return bytes.length === Number(contentLength) ? { bytes } : { value: text };
}

/** Recognizes bytes of any realm, such as those of a test runner. */
function isBytes(value: unknown): value is Uint8Array {
  return Object.prototype.toString.call(value) === "[object Uint8Array]";
}
