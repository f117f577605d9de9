import { ProblemError } from "../responses/problem.ts";

/** What a request asks to do, and to what. */
export interface Access {
  readonly action: "start" | "status" | "event" | "cancel" | "purge";
  /** What is to be started: type and operation of a function, and id of its state. */
  readonly function?: string;
  readonly operation?: string;
  readonly id?: string;
  /** Id of the flow that is meant. */
  readonly flow?: string;
  readonly event?: string;
}

/**
 * Decides who may do what: `true`, or the name of whoever asks, allows it; `false`, or an empty name, is answered with 403; a Response is the
 * answer; what fails is answered with 500. Idempotency keys are told apart by names: two people may use the same. The body is not to be read.
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
export async function authorized(
  authorize: Authorize | undefined,
  request: Request,
  access: Access,
): Promise<string | undefined> {
  if (authorize === undefined) return undefined;
  const grant: unknown = await authorize(request, access);
  // A copy: a hook may have one answer for all, whose body can be read once.
  if (grant instanceof Response) throw new Refusal(grant.clone());
  // An empty name is nobody's.
  if (typeof grant === "string" && grant !== "") return grant;
  // Anything but a plain yes is a no, whatever a hook in JavaScript gives.
  if (grant !== true) throw new ProblemError("FORBIDDEN");
  return undefined;
}
