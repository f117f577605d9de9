import { hash } from "node:crypto";

/** Returns the SHA-256 digest of a text as 64 hex digits. */
export function digest(text: string): string {
  return hash("sha256", text, "hex");
}
