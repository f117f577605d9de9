import { checkedBy, readOptions } from "../../core/validation/options.ts";
import { fromBase64, toBase64 } from "../../core/codec/base64.ts";
import { digest } from "../../core/crypto/digest.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { hmac } from "../../core/crypto/hmac.ts";
import type { ApprovalRequest } from "./approval-options.ts";
import type { Decision } from "./ballot.ts";

/** What a token lets its holder do: one decision of one person about one request. */
export interface ApprovalClaims {
  /** Type of the approval, `namespace/name`. */
  readonly approval: string;
  /** For `client.call(approved.decide, decision, { id })`. */
  readonly id: string;
  readonly decision: Decision & { readonly request: string };
  /** Instant from which on it is worth nothing, in ms since the epoch. */
  readonly expiresAt?: number;
}

/** What is found in a token. Of an invalid one nothing is told, not even why. */
export type VerifiedToken =
  | { readonly status: "valid" | "expired"; readonly claims: ApprovalClaims }
  | { readonly status: "invalid" };

/** Makes the tokens of one-time links, and reads them. */
export interface ApprovalTokens {
  /** Signs what somebody may decide about a request that `ask` was given. The same again gives the same token; nothing is kept. */
  sign(
    request: Pick<ApprovalRequest<unknown>, "approval" | "id" | "request" | "expiresAt">,
    vote: Pick<Decision, "by" | "decision">,
  ): string;
  /** Reads a token of the given approval, wherever it comes from. Never throws. */
  verify(token: unknown, about: { readonly approval: string; readonly now: number }): VerifiedToken;
}

const MAX_LENGTH = 8_192;
const LEAST_SECRET = 16;
/** Tells these signatures from any others made with the same secret. */
const DOMAIN = "handback approval 1\n";

/**
 * Signs links for people who are to decide by clicking. A token is good for one decision of one person about one request, and
 * since a person decides once, it works once; another click is answered as `same`, the other link as `opposite`.
 *
 * Tokens are verified where requests come in, and go no further: what is sent to `decide` is the claims.
 *
 * @param options - `secret`: at least 16 characters or bytes that nobody can guess, used for nothing else; of several the first signs,
 * and all of them verify, so that a secret can be replaced
 * @throws `INVALID_OPTIONS`
 * @example
 * import { approvalTokens } from "handback/patterns";
 *
 * const tokens = approvalTokens({ secret: "an example of what nobody can guess" });
 * const request = { approval: "docs/approve", id: "expense-7", request: "r1" };
 * const token = tokens.sign(request, { by: "ada", decision: "approve" });
 * console.log(tokens.verify(token, { approval: "docs/approve", now: Date.now() }).status); // valid
 * console.log(tokens.verify(`${token}0`, { approval: "docs/approve", now: Date.now() }).status); // invalid
 */
export function approvalTokens(options: {
  readonly secret: Secret | readonly Secret[];
}): ApprovalTokens {
  const secrets = readOptions("approvalTokens", OPTIONS, options).secret;
  const [first] = secrets;
  return {
    sign({ approval, id, request, expiresAt }, { by, decision }) {
      const claims: ApprovalClaims = {
        approval,
        id,
        decision: { by, decision, request },
        ...(expiresAt !== undefined && { expiresAt }),
      };
      const text = toUrl(JSON.stringify(claims));
      return `${text}.${hmac(first, DOMAIN + text)}`;
    },
    verify(token, { approval, now }) {
      const claims = readClaims(secrets, token);
      if (claims === undefined || claims.approval !== approval) return { status: "invalid" };
      return {
        status: now < (claims.expiresAt ?? Number.POSITIVE_INFINITY) ? "valid" : "expired",
        claims,
      };
    },
  };
}

type Secret = string | Uint8Array;

type Secrets = readonly [Secret, ...Secret[]];

const OPTIONS = { secret: checkedBy<Secrets, Secret | readonly Secret[]>(readSecrets) };

/** The message never shows a secret, not even a wrong one. */
function readSecrets(value: unknown, name: string): Secrets {
  const isSecret = (secret: unknown): secret is Secret =>
    (typeof secret === "string" || secret instanceof Uint8Array) && secret.length >= LEAST_SECRET;
  const secrets = Array.isArray(value) ? (value as readonly unknown[]) : [value];
  const [first, ...others] = secrets;
  if (isSecret(first) && others.every(isSecret)) return [first, ...others];
  const expected = `at least ${LEAST_SECRET} characters or bytes, or a list of such secrets`;
  throw new HandbackError("INVALID_OPTIONS", `${name}: expected ${expected}`);
}

function readClaims(secrets: readonly Secret[], token: unknown): ApprovalClaims | undefined {
  if (typeof token !== "string" || token.length > MAX_LENGTH) return undefined;
  const [text = "", signature = "", ...rest] = token.split(".");
  // Digests of what is compared, so that how long it takes tells nothing of how much was right.
  const given = digest(signature);
  if (rest.length > 0 || !secrets.some((secret) => digest(hmac(secret, DOMAIN + text)) === given))
    return undefined;
  return fromUrl(text);
}

function toUrl(text: string): string {
  return toBase64(new TextEncoder().encode(text))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** Only ever called with what was signed here, so that it has the form it was given. */
function fromUrl(text: string): ApprovalClaims | undefined {
  const padded = text
    .replaceAll("-", "+")
    .replaceAll("_", "/")
    .padEnd(Math.ceil(text.length / 4) * 4, "=");
  const bytes = fromBase64(padded);
  return bytes === undefined
    ? undefined
    : (JSON.parse(new TextDecoder().decode(bytes)) as ApprovalClaims);
}
