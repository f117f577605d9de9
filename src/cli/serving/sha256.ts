import { createHash } from "node:crypto";

/** Returns the SHA-256 digest of a text. */
export function sha256Of(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
