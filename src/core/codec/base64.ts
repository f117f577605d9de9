import { Buffer } from "node:buffer";

/** Returns the length of the base64 text of `byteLength` bytes. */
export function base64Length(byteLength: number): number {
  return Math.ceil(byteLength / 3) * 4;
}

/** Writes bytes as padded base64. */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}

/**
 * Reads the text of {@link toBase64}. Returns `undefined` for any other text, so each array of
 * bytes has one text.
 */
export function fromBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, "base64");
  // A copy with memory of its own: a small Buffer shares a pool with others.
  return bytes.toString("base64") === text ? new Uint8Array(bytes) : undefined;
}

/** Writes bytes as base64 for URLs, without padding. */
export function toBase64Url(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Reads the text of {@link toBase64Url}. Returns `undefined` for any other text. */
export function fromBase64Url(text: string): Uint8Array | undefined {
  const usual = text.replaceAll("-", "+").replaceAll("_", "/");
  const bytes = fromBase64(usual.padEnd(Math.ceil(text.length / 4) * 4, "="));
  return bytes !== undefined && toBase64Url(bytes) === text ? bytes : undefined;
}
