import type { Encoded } from "../codec/encoded.ts";
import type { Content } from "../activation/effects.ts";
import { HandbackError } from "../errors/errors.ts";
import type { Json } from "../data/json.ts";

/** Version of the persisted form of a value. A reader refuses a larger one. */
const CONTENT_VERSION = "1";

/**
 * Writes a persisted value as text: format version, kind (`t` for text, `j` for JSON, `b` for
 * both), and the content. JSON before text ends with the line, because it holds no line breaks.
 */
export function encodeContent({ text, json }: Content): string {
  if (json === undefined) return `${CONTENT_VERSION}t${text}`;
  return text === undefined
    ? `${CONTENT_VERSION}j${JSON.stringify(json)}`
    : `${CONTENT_VERSION}b${JSON.stringify(json)}\n${text}`;
}

/** Reads the text of {@link encodeContent}. @throws `FORMAT_TOO_NEW`, `STORE_CORRUPT` */
export function decodeContent(text: string): Content {
  if (text.startsWith(`${CONTENT_VERSION}t`)) return { text: text.slice(2) as Encoded };
  if (text.startsWith(`${CONTENT_VERSION}j`)) return { json: JSON.parse(text.slice(2)) as Json };
  if (text.startsWith(`${CONTENT_VERSION}b`)) {
    const end = text.indexOf("\n");
    return { json: JSON.parse(text.slice(2, end)) as Json, text: text.slice(end + 1) as Encoded };
  }
  const version = text.slice(0, 1);
  if (version > CONTENT_VERSION) {
    throw new HandbackError(
      "FORMAT_TOO_NEW",
      `a persisted value has format ${version}, this version reads up to ${CONTENT_VERSION}`,
    );
  }
  throw new HandbackError(
    "STORE_CORRUPT",
    "a persisted value does not begin with a format version",
  );
}
