import { hash } from "node:crypto";

/** A digest of a text, as 64 hex digits (SHA-256): the same text gives the same digest everywhere. */
export function digest(text: string): string {
  return hash("sha256", text, "hex");
}
