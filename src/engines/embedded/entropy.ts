import { randomBytes } from "node:crypto";

/** Bytes from the system's cryptographic generator. */
export function secret(bytes: number): Uint8Array {
  return randomBytes(bytes);
}
