import { createHmac } from "node:crypto";

/** A keyed digest of a text, as 64 hex digits (HMAC with SHA-256): only who has the secret can make it. */
export function hmac(secret: string | Uint8Array, text: string): string {
  return createHmac("sha256", secret).update(text, "utf8").digest("hex");
}
