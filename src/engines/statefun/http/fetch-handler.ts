import { HandbackError } from "../../../core/errors/errors.ts";

/** The type of requests and answers. A cluster accepts no other, and no parameter after it. */
const OCTETS = "application/octet-stream";

/** Handles the bytes of a request. */
export type HandleBytes = (bytes: Uint8Array) => Promise<Uint8Array>;

/**
 * Answers the request of a cluster with Fetch-standard objects: 405 for a method other than POST,
 * 415 for another content type, 400 for a body that is no request, 500 if the library fails, and else
 * 200. A cluster repeats a request that got another answer, and in the end restarts its job. So user
 * code never causes one.
 */
export async function answerFetch(request: Request, handle: HandleBytes): Promise<Response> {
  if (request.method !== "POST") return refuse(405, "expected POST", { allow: "POST" });
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== OCTETS) return refuse(415, `expected the content type ${OCTETS}`);
  const body = new Uint8Array(await request.arrayBuffer());
  if (body.length === 0) return refuse(400, "expected a request in the body");
  try {
    return bytesResponse(await handle(body));
  } catch (error) {
    if (HandbackError.is(error, "INVALID_INPUT")) return refuse(400, error.message);
    return refuse(500, "the request could not be handled");
  }
}

function bytesResponse(bytes: Uint8Array): Response {
  // A copy in a buffer of its own, because types of older platforms accept no other.
  const headers = { "content-type": OCTETS, "content-length": String(bytes.length) };
  return new Response(bytes.slice(), { status: 200, headers });
}

function refuse(status: number, why: string, headers: Record<string, string> = {}): Response {
  return new Response(`${why}\n`, {
    status,
    headers: { "content-type": "text/plain", ...headers },
  });
}
