import type { Context } from "hono";
import { digest } from "../../core/crypto/digest.ts";
import { fromBase64 } from "../../core/codec/base64.ts";
import { Refusal } from "../../http/requests/access.ts";
import { defaultHosts, isForHost } from "../../http/requests/allowed-hosts.ts";
import { nodeRequestOf } from "../../http/requests/node-request.ts";
import { ProblemError } from "../../http/responses/problem.ts";
import type { InspectorRules } from "../rules/options.ts";
import type { Inspection } from "../rules/inspection.ts";

/** Headers that a proxy adds. Behind one, every request seems to come from this machine. */
const PROXY_HEADERS = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];
const CHALLENGE = { "WWW-Authenticate": 'Basic realm="Handback inspector", charset="UTF-8"' };

type GuardRules = Pick<InspectorRules, "hosts" | "token" | "authorize">;

/**
 * Refuses requests that may not see the inspector. Without a token and a hook, only this machine may.
 *
 * @throws a `ProblemError`
 */
export function checkPlace(c: Context, { hosts, token, authorize }: GuardRules): void {
  const isOpen = token === undefined && authorize === undefined;
  const allowed = hosts ?? (isOpen ? defaultHosts("127.0.0.1") : "any");
  if (!isForHost(c.req.raw, allowed)) throw new ProblemError("WRONG_HOST");
  if (isOpen && hosts === undefined && !isFromHere(c)) throw new ProblemError("FORBIDDEN");
}

/**
 * Asks the token and the hook. Returns the name of the person, if the hook gives one.
 *
 * @throws a `Refusal`, or a `ProblemError`
 */
export async function checkPerson(
  c: Context,
  { token, authorize }: GuardRules,
  inspection: Inspection,
): Promise<string | undefined> {
  if (token !== undefined && !holdsToken(c.req.header("authorization"), token))
    throw new Refusal(
      new Response("This page needs a token.", { status: 401, headers: CHALLENGE }),
    );
  const grant = authorize === undefined ? true : await authorize(c.req.raw, inspection);
  if (typeof grant === "object" && grant !== null) throw new Refusal(grant.clone());
  if (typeof grant === "string" && grant !== "") return grant;
  if (grant !== true) throw new ProblemError("FORBIDDEN");
  return undefined;
}

/** Compares digests, so that time tells nothing about the token. */
function holdsToken(header: string | undefined, token: string): boolean {
  const [, scheme = "", given = ""] = /^(basic|bearer) +(\S+)$/i.exec(header ?? "") ?? [];
  const text = scheme.toLowerCase() === "basic" ? passwordOf(given) : given;
  return text !== undefined && digest(`inspector ${text}`) === digest(`inspector ${token}`);
}

function passwordOf(credentials: string): string | undefined {
  const bytes = fromBase64(credentials);
  const text = bytes === undefined ? undefined : new TextDecoder().decode(bytes);
  return text?.slice(text.indexOf(":") + 1);
}

function isFromHere(c: Context): boolean {
  if (PROXY_HEADERS.some((name) => c.req.header(name) !== undefined)) return false;
  const address = nodeRequestOf(c)?.socket.remoteAddress;
  return address === undefined || /^(::1|(::ffff:)?127\.[\d.]+)$/.test(address);
}
