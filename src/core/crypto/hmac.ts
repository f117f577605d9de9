import { createHmac } from "node:crypto";

/**
 * Returns the keyed digest of a text (HMAC with SHA-256) as 64 hex digits. Only a holder of the
 * secret can compute it.
 */
export function hmac(secret: string | Uint8Array, text: string): string {
  return createHmac("sha256", secret).update(text, "utf8").digest("hex");
}
