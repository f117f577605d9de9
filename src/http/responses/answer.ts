/**
 * Headers of every response: nothing caches it, and the address of a flow is not sent to other
 * sites.
 */
const SAFE_HEADERS = {
  "Cache-Control": "no-store",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
} as const;

type HeaderRecord = Readonly<Record<string, string>>;

/** Makes a response with JSON. */
export function jsonAnswer(status: number, body: unknown, headers: HeaderRecord = {}): Response {
  // A plain object of headers: Node's listener sends it as it is, without a copy.
  const all = { ...SAFE_HEADERS, "Content-Type": "application/json", ...headers };
  return new Response(JSON.stringify(body), { status, headers: all });
}

/** Makes a response without a body. */
export function emptyAnswer(status: number, headers: HeaderRecord = {}): Response {
  return new Response(null, { status, headers: { ...SAFE_HEADERS, ...headers } });
}

/** Makes a response with server-sent events. No proxy keeps them back. */
export function streamAnswer(body: ReadableStream<Uint8Array> | null): Response {
  const headers = { "Content-Type": "text/event-stream", "X-Accel-Buffering": "no" };
  return new Response(body, { headers: { ...SAFE_HEADERS, ...headers } });
}

/** Adds the headers of every response to one that somebody else made. */
export function safeAnswer(response: Response): Response {
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(SAFE_HEADERS)) headers.set(name, value);
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}
