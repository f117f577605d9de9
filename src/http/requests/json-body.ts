import type { Context } from "hono";
import { MAX_DEPTH } from "../../core/codec/trail.ts";
import { ProblemError } from "../responses/problem.ts";
import { BodyBytes, readNodeRequest, readStream } from "./body-bytes.ts";
import type { BodyMemory } from "./body-bytes.ts";
import { isDeeperThan } from "./nesting.ts";
import { ownTurn } from "./own-turn.ts";
import { isUnread, nodeRequestOf } from "./node-request.ts";
import type { NodeRequest } from "./node-request.ts";
import { takeParsedBody } from "./parsed-body.ts";
import type { Body } from "./parsed-body.ts";

/** Limits of bodies: of one, in bytes, and the memory for all of them. */
export interface BodyLimits {
  readonly limit: number;
  readonly memory: BodyMemory;
}

/** Bytes from which a body is checked before it is parsed. The codec checks all of them. */
const CHECKED_BYTES = 4_096;
/** Bytes from which a body is parsed in a turn of its own. One of 1 MiB takes tens of ms. */
const LARGE_BYTES = 65_536;

/**
 * Reads the body of a request as JSON, or `undefined` if it is empty. Reading stops at the limit. A
 * body that a parser has read before is taken from it.
 *
 * @throws a `ProblemError` if it has another type, is too large, is incomplete, is not JSON, or was
 * read before and is lost
 */
export async function readJsonBody(c: Context, limits: BodyLimits): Promise<unknown> {
  const { limit, memory } = limits;
  const { headers } = c.req.raw;
  if (lengthOf(headers) > limit) throw new ProblemError("BODY_TOO_LARGE");
  const encoding = headers.get("content-encoding");
  if (encoding !== null && encoding !== "identity")
    throw new ProblemError("UNSUPPORTED_MEDIA_TYPE");
  const isJson = isJsonType(headers.get("content-type"));
  // A form sent by another site's page is refused, even if it is empty.
  if (!isJson && headers.has("content-type")) throw new ProblemError("UNSUPPORTED_MEDIA_TYPE");
  const arriving = new BodyBytes(limit, memory);
  try {
    const body = await readBody(c, arriving);
    if ("bytes" in body && body.bytes.length === 0) return undefined;
    if (!isJson) throw new ProblemError("UNSUPPORTED_MEDIA_TYPE");
    if (!("bytes" in body)) return body.value;
    if (body.bytes.length >= LARGE_BYTES) await ownTurn();
    return parseJson(body.bytes);
  } finally {
    arriving.release();
  }
}

async function readBody(c: Context, body: BodyBytes): Promise<Body> {
  const { raw } = c.req;
  const node = nodeRequestOf(c);
  if (node !== undefined && isUnread(node, raw)) {
    await readNodeRequest(node, body);
    return { bytes: body.read() };
  }
  if (raw.bodyUsed) return readCachedBody(c, node);
  const wasRead = node?.readableDidRead === true;
  const isBeingRead = wasRead && !node.readableEnded;
  await readStream(raw.body, body);
  const bytes = body.read();
  if (bytes.length === 0 && wasRead) return takeParsedBody(node);
  if (bytes.length === 0 && isAnnounced(raw.headers)) throw new ProblemError("BODY_INCOMPLETE");
  // Another reader may have taken the first part.
  if (isBeingRead && bytes.length !== lengthOf(raw.headers))
    throw new ProblemError("BODY_ALREADY_READ");
  return { bytes };
}

/** Takes a body that a middleware of Hono or a parser has read. */
async function readCachedBody(c: Context, node: NodeRequest | undefined): Promise<Body> {
  const cached = await c.req.arrayBuffer().catch(() => undefined);
  return cached === undefined ? takeParsedBody(node) : { bytes: new Uint8Array(cached) };
}

function isAnnounced(headers: Headers): boolean {
  return headers.has("transfer-encoding") || lengthOf(headers) > 0;
}

/** Returns the length that the request announces, or 0. */
function lengthOf(headers: Headers): number {
  return Number(headers.get("content-length") ?? 0);
}

const decoder = new TextDecoder("utf-8", { fatal: true });

function parseJson(bytes: Uint8Array): unknown {
  if (bytes.length > CHECKED_BYTES && isDeeperThan(MAX_DEPTH, bytes))
    throw new ProblemError("TOO_DEEP");
  try {
    return JSON.parse(decoder.decode(bytes)) as unknown;
  } catch {
    throw new ProblemError("MALFORMED_JSON");
  }
}

/** Returns true for `application/json` and for types that end with `+json`, in UTF-8. */
function isJsonType(header: string | null): boolean {
  const [type = "", ...parameters] = (header ?? "").toLowerCase().split(";");
  const [name] = [type.trim()];
  if (name !== "application/json" && !(name.startsWith("application/") && name.endsWith("+json")))
    return false;
  return parameters.every((parameter) => {
    const [key, value = ""] = parameter.trim().split("=");
    return (
      key !== "charset" ||
      value.replaceAll('"', "") === "utf-8" ||
      value.replaceAll('"', "") === "utf8"
    );
  });
}
