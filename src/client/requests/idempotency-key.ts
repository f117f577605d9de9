import { HandbackError } from "../../core/errors/errors.ts";

/** A source of randomness that browsers have, too, also on pages without TLS. */
const { crypto } = globalThis;
/** The start of a key that is written as UTF-8 with percent signs, as RFC 8187 has it. */
const ENCODED = "UTF-8''";
const PRINTABLE = /^[ -~]+$/;

/** Returns a key that nobody else uses: 128 bits in hex. */
export function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Writes a key for the header `Idempotency-Key`, whose specification puts it in quotes. A header
 * carries ASCII only, so other keys are encoded. Two keys never give one text.
 *
 * @throws `INVALID_IDEMPOTENCY_KEY`
 */
export function keyHeader(key: unknown): Readonly<Record<string, string>> {
  if (typeof key !== "string" || key.trim() === "")
    throw invalidKey(`expected a text of 1 to 256 characters that is not blank`);
  const isPlain = PRINTABLE.test(key) && !key.startsWith(ENCODED);
  return { "idempotency-key": `"${isPlain ? key : ENCODED + percentEncoded(key)}"` };
}

function percentEncoded(key: string): string {
  try {
    return encodeURIComponent(key);
  } catch (cause) {
    throw invalidKey("expected a text without lone surrogates", cause);
  }
}

function invalidKey(why: string, cause?: unknown): HandbackError {
  return new HandbackError("INVALID_IDEMPOTENCY_KEY", `key: ${why}`, { cause });
}
