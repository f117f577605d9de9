import { digest } from "../../core/crypto/digest.ts";
import type { Environment } from "../../core/activation/environment.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { toHex } from "../../core/crypto/hex.ts";
import { MESSAGE_ID } from "../../core/message/message-id.ts";
import type { MessageId } from "../../core/message/message-id.ts";

const SECRET_BYTES = 24;
/** Number of digits of a digest that are stored: 128 bits. */
const DIGEST_DIGITS = 32;

/**
 * Makes the token of a future: the id of its cell, and a secret. Only the digest of the secret is
 * stored.
 */
export function newToken(
  id: MessageId,
  environment: Pick<Environment, "secret">,
): { readonly token: string; readonly digest: string } {
  const secret = toHex(environment.secret(SECRET_BYTES));
  return { token: `${id}.${secret}`, digest: digestOfSecret(secret) };
}

/** Splits a token into the id of its cell and the digest of its secret. @throws `INVALID_ID` */
export function parseToken(token: unknown): { readonly cell: MessageId; readonly digest: string } {
  const [cell, secret, ...rest] = typeof token === "string" ? token.split(".", 3) : [];
  if (
    cell === undefined ||
    secret === undefined ||
    rest.length > 0 ||
    !MESSAGE_ID.test(cell) ||
    secret.length !== 2 * SECRET_BYTES
  ) {
    throw new HandbackError(
      "INVALID_ID",
      "the token is malformed: expected the token of a ctx.promise()",
    );
  }
  return { cell, digest: digestOfSecret(secret) };
}

function digestOfSecret(secret: string): string {
  return digest(secret).slice(0, DIGEST_DIGITS);
}
