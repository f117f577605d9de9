import { digest } from "../core/digest.ts";
import type { Environment } from "../core/environment.ts";
import { HandbackError } from "../core/errors.ts";
import { MESSAGE_ID } from "../core/message-id.ts";
import type { MessageId } from "../core/message-id.ts";

const SECRET_BYTES = 24;

/** A token and what is kept of it: the locator of a future's cell, and a secret of which only a digest is stored. */
export function newToken(id: MessageId, environment: Pick<Environment, "secret">): { readonly token: string; readonly digest: string } {
  const secret = [...environment.secret(SECRET_BYTES)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return { token: `${id}.${secret}`, digest: digest(secret) };
}

/** Splits a token into the cell it locates and the digest of its secret. @throws `INVALID_ID` */
export function parseToken(token: unknown): { readonly cell: MessageId; readonly digest: string } {
  const [cell, secret, ...rest] = typeof token === "string" ? token.split(".", 3) : [];
  if (cell === undefined || secret === undefined || rest.length > 0 || !MESSAGE_ID.test(cell) || secret.length !== 2 * SECRET_BYTES) {
    throw new HandbackError("INVALID_ID", "the token is malformed: expected the token of a ctx.promise()");
  }
  return { cell, digest: digest(secret) };
}
