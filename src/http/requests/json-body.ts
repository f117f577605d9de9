import { ProblemError } from "../responses/problem.ts";

/**
 * Reads the body of a request as JSON, or `undefined` if it is empty. Reading stops at the limit.
 *
 * @throws a `ProblemError` if it has another type, is too large, is incomplete, or is not JSON
 */
export async function readJsonBody(request: Request, limit: number): Promise<unknown> {
  if (Number(request.headers.get("content-length") ?? 0) > limit)
    throw new ProblemError("BODY_TOO_LARGE");
  const encoding = request.headers.get("content-encoding");
  if (encoding !== null && encoding !== "identity")
    throw new ProblemError("UNSUPPORTED_MEDIA_TYPE");
  const isJson = isJsonType(request.headers.get("content-type"));
  // A form sent by another site's page is refused, even if it is empty.
  if (!isJson && request.headers.has("content-type"))
    throw new ProblemError("UNSUPPORTED_MEDIA_TYPE");
  const bytes = await readBytes(request, limit);
  if (bytes.length === 0) return undefined;
  if (!isJson) throw new ProblemError("UNSUPPORTED_MEDIA_TYPE");
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as unknown;
  } catch {
    throw new ProblemError("MALFORMED_JSON");
  }
}

async function readBytes(request: Request, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (request.body === null) return new Uint8Array();
  const reader = (request.body as ReadableStream<Uint8Array>).getReader();
  // A failure here means that the sender has gone away or is too slow.
  const chunk = () =>
    reader.read().catch((): never => {
      throw new ProblemError("BODY_INCOMPLETE");
    });
  for (let next = await chunk(); !next.done; next = await chunk()) {
    size += next.value.length;
    if (size > limit) {
      await reader.cancel().catch(() => undefined);
      throw new ProblemError("BODY_TOO_LARGE");
    }
    chunks.push(next.value);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
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
