import { ProblemError } from "./problem.ts";

/** What a request asks to do, and to what. */
export interface Access {
  readonly action: "start" | "status" | "event" | "terminate" | "purge";
  /** What is to be started: type and operation of a function, and id of its state. */
  readonly function?: string;
  readonly operation?: string;
  readonly id?: string;
  /** Id of the flow that is meant. */
  readonly flow?: string;
  readonly event?: string;
}

/**
 * Decides who may do what: `true`, or the name of whoever asks, allows it; `false` is answered with 403; a Response is the answer. Idempotency
 * keys are told apart by names: two people may use the same. The body is not to be read.
 */
export type Authorize = (request: Request, access: Access) => Grant | Promise<Grant>;
type Grant = boolean | string | Response;

/** What a hook answers in place of what was asked for. */
export class Refusal extends Error {
  readonly response: Response;

  constructor(response: Response) {
    super("refused");
    this.response = response;
  }
}

/** Asks the hook, if there is one; gives the name of whoever asks. @throws a `Refusal`, or a `ProblemError` */
export async function authorized(authorize: Authorize | undefined, request: Request, access: Access): Promise<string | undefined> {
  if (authorize === undefined) return undefined;
  const grant: unknown = await authorize(request, access);
  if (grant instanceof Response) throw new Refusal(grant);
  if (typeof grant === "string") return grant;
  // Anything but a plain yes is a no, whatever a hook in JavaScript gives.
  if (grant !== true) throw new ProblemError("FORBIDDEN");
  return undefined;
}

/**
 * Refuses what another page has a browser send: such a request comes with the cookies of whoever looks at that page.
 *
 * @throws a `ProblemError`
 */
export function checkOrigin({ headers, url }: Request, origins: readonly string[]): void {
  const origin = headers.get("origin");
  if (origin !== null && origins.includes(origin)) return;
  const host = headers.get("host") ?? new URL(url).host;
  const isForeign = origin !== null && (!URL.canParse(origin) || new URL(origin).host !== host);
  if (isForeign || headers.get("sec-fetch-site") === "cross-site") throw new ProblemError("CROSS_SITE");
}
