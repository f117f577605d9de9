import { randomBytes } from "node:crypto";

/** Makes the name of a new store: 16 hex digits that no other store has. */
export function newStoreId(): string {
  return randomBytes(8).toString("hex");
}
