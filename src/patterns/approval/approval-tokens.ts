import { isBytes } from "../../core/data/kind.ts";
import { checkedBy, readOptions } from "../../core/validation/options.ts";
import { fromBase64Url, toBase64Url } from "../../core/codec/base64.ts";
import { digest } from "../../core/crypto/digest.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { checkId } from "../../core/validation/names.ts";
import { hmac } from "../../core/crypto/hmac.ts";
import type { ApprovalRequest } from "./approval-options.ts";
import type { Decision } from "./ballot.ts";

/** The content of a token: one decision of one person about one request. */
export interface ApprovalClaims {
  /** Type of the approval, `namespace/name`. */
  readonly approval: string;
  /** For `client.call(approved.decide, decision, { id })`. */
  readonly id: string;
  readonly decision: Decision & { readonly request: string };
  /** Instant at which the token expires, in ms since the epoch. */
  readonly expiresAt?: number;
}

/** The result of verifying a token. For an invalid one there is no reason, so it leaks nothing. */
export type VerifiedToken =
  | { readonly status: "valid" | "expired"; readonly claims: ApprovalClaims }
  | { readonly status: "invalid" };

/** A person who is invited to decide about one request. */
export interface Invitation {
  /** Type of the approval, `namespace/name`. */
  readonly approval: string;
  readonly id: string;
  readonly request: string;
  readonly by: string;
  /** Instant at which the invitation expires, in ms since the epoch. */
  readonly expiresAt?: number;
}

/** The result of reading an invitation. */
export type ReadInvitation =
  | { readonly status: "valid" | "expired"; readonly invitation: Invitation }
  | { readonly status: "invalid" };

/** The parts of a request that a token names. */
type Named = Pick<ApprovalRequest<unknown>, "approval" | "id" | "request" | "expiresAt">;

/** Signs and verifies the tokens of one-time links. */
export interface ApprovalTokens {
  /**
   * Signs one decision of one person about a request that `ask` received. Equal arguments give the
   * same token. Nothing is stored.
   */
  sign(request: Named, vote: Pick<Decision, "by" | "decision">): string;
  /**
   * Signs an invitation of one person to a page on which they decide, as `approvalPages` serves it.
   * It is no decision, and `verify` refuses it.
   */
  invite(request: Named, person: string): string;
  /** Verifies a token for an approval. The token may come from anywhere. Never throws. */
  verify(token: unknown, about: About): VerifiedToken;
  /** Reads an invitation to decide. It may come from anywhere. Never throws. */
  readInvitation(token: unknown, about: About): ReadInvitation;
}

/** The approval that a token is for, and the present instant. */
interface About {
  readonly approval: string;
  readonly now: number;
}

const MAX_LENGTH = 8_192;
const LEAST_SECRET = 16;
/** They separate these signatures from each other, and from others made with the same secret. */
const DECISION = "handback approval 1\n";
const INVITATION = "handback approval page 1\n";

/**
 * Signs links with which people decide in one click. A token allows one decision of one person
 * about one request. A person decides once, so a token works once: a second click is answered with
 * `same`, and the opposite link with `opposite`.
 *
 * Verify tokens where web requests arrive, and send only the claims to `decide`.
 *
 * @param options - `secret`: at least 16 unguessable characters or bytes, used for nothing else. In
 * a list, the first secret signs and all of them verify, so that a secret can be replaced.
 * @throws `INVALID_OPTIONS`
 * @example
 * import { approvalTokens } from "handback/patterns";
 *
 * const tokens = approvalTokens({ secret: "use 16 or more random characters" });
 * const request = { approval: "docs/approve", id: "expense-7", request: "r1" };
 * const token = tokens.sign(request, { by: "ada", decision: "approve" });
 * const about = { approval: "docs/approve", now: Date.now() };
 * console.log(tokens.verify(token, about).status); // valid
 * console.log(tokens.verify(`${token}0`, about).status); // invalid
 */
export function approvalTokens(options: {
  readonly secret: Secret | readonly Secret[];
}): ApprovalTokens {
  const secrets = readOptions("approvalTokens", OPTIONS, options).secret;
  const [first] = secrets;
  const sign = (domain: string, claims: object): string => {
    const text = toUrl(JSON.stringify(claims));
    return `${text}.${hmac(first, domain + text)}`;
  };
  return {
    sign({ approval, id, request, expiresAt }, { by, decision }) {
      const claims: ApprovalClaims = {
        approval,
        id,
        decision: { by, decision, request },
        ...(expiresAt !== undefined && { expiresAt }),
      };
      return sign(DECISION, claims);
    },
    invite({ approval, id, request, expiresAt }, person) {
      const invitation: Invitation = {
        approval,
        id,
        request,
        by: checkId(person, "person"),
        ...(expiresAt !== undefined && { expiresAt }),
      };
      return sign(INVITATION, invitation);
    },
    verify(token, { approval, now }) {
      const claims = readClaims<ApprovalClaims>(secrets, DECISION, token);
      if (claims === undefined || claims.approval !== approval) return { status: "invalid" };
      return { status: isPast(claims, now) ? "expired" : "valid", claims };
    },
    readInvitation(token, { approval, now }) {
      const invitation = readClaims<Invitation>(secrets, INVITATION, token);
      if (invitation === undefined || invitation.approval !== approval)
        return { status: "invalid" };
      return { status: isPast(invitation, now) ? "expired" : "valid", invitation };
    },
  };
}

function isPast({ expiresAt }: { readonly expiresAt?: number }, now: number): boolean {
  return expiresAt !== undefined && now >= expiresAt;
}

type Secret = string | Uint8Array;

type Secrets = readonly [Secret, ...Secret[]];

const OPTIONS = { secret: checkedBy<Secrets, Secret | readonly Secret[]>(readSecrets) };

/** Reads the secrets. The error message never shows a secret, not even an invalid one. */
function readSecrets(value: unknown, name: string): Secrets {
  const isSecret = (secret: unknown): secret is Secret =>
    (typeof secret === "string" || isBytes(secret)) && secret.length >= LEAST_SECRET;
  const secrets = Array.isArray(value) ? (value as readonly unknown[]) : [value];
  const [first, ...others] = secrets;
  if (isSecret(first) && others.every(isSecret)) return [first, ...others];
  const expected = `at least ${LEAST_SECRET} characters or bytes, or a list of such secrets`;
  throw new HandbackError("INVALID_OPTIONS", `${name}: expected ${expected}`);
}

function readClaims<Claims>(secrets: Secrets, domain: string, token: unknown): Claims | undefined {
  if (typeof token !== "string" || token.length > MAX_LENGTH) return undefined;
  const [text = "", signature = "", ...rest] = token.split(".");
  // Digests are compared, so that the time taken does not reveal how much of it was right.
  const given = digest(signature);
  if (rest.length > 0 || !secrets.some((secret) => digest(hmac(secret, domain + text)) === given))
    return undefined;
  return fromUrl(text) as Claims | undefined;
}

function toUrl(text: string): string {
  return toBase64Url(new TextEncoder().encode(text));
}

/** Decodes claims. Their signature was verified, so they have the form in which they were signed. */
function fromUrl(text: string): unknown {
  const bytes = fromBase64Url(text);
  return bytes === undefined ? undefined : JSON.parse(new TextDecoder().decode(bytes));
}
