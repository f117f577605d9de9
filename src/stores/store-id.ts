import { randomBytes } from "node:crypto";

/** Returns a unique id for a new store: 16 hex digits. */
export function newStoreId(): string {
  return randomBytes(8).toString("hex");
}
