import type { Activation } from "../../core/activation/activation.ts";
import { UNDEFINED } from "../../core/codec/encoded.ts";
import { toHex } from "../../core/crypto/hex.ts";
import { readVersioned } from "../protocol/combinator.ts";
import { systemFunction } from "../protocol/system.ts";

/** Id of the only instance. */
export const STORE_SECRET_ID = "store";

const VALUE = "secret";
/** Version of the stored secret. */
const FORMAT = 1;
const SECRET_BYTES = 32;

/**
 * The secret of a store: random bytes that are made when they are first needed. They sign what a
 * client hands out and must recognize later, so no list of it is kept.
 *
 * SE1 A store has one secret. It is durable before anything is signed with it, and never changes.
 */
export const storeSecret = systemFunction("secret", [VALUE], {
  read(activation, { key }) {
    activation.replyTo(key, UNDEFINED, { secret: readSecret(activation) });
  },
});

function readSecret(activation: Activation): string {
  const stored = readVersioned<{ readonly v: number; readonly secret: string }>(
    activation,
    VALUE,
    FORMAT,
  );
  if (stored !== undefined) return stored.secret;
  const secret = toHex(activation.environment.secret(SECRET_BYTES));
  activation.write(VALUE, { json: { v: FORMAT, secret } });
  return secret;
}
