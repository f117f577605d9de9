import { ProblemError } from "../responses/problem.ts";

/** The action of a request, and its target. */
export interface Access {
  readonly action:
    | "start"
    | "status"
    | "event"
    | "stream"
    | "cancel"
    | "purge"
    | "openapi"
    // Routes for operators:
    | "list"
    | "history"
    | "events"
    | "paused"
    | "pause"
    | "resume"
    | "fail"
    | "restart"
    | "pause-all"
    | "resume-all"
    | "cancel-all"
    | "purge-all"
    | "restart-all"
    | "paused-functions"
    | "pause-function"
    | "resume-function"
    | "states"
    | "state"
    | "terminate"
    | "expire"
    | "dead-letters"
    | "redrive"
    | "discard"
    | "stats";
  /**
   * For `start`: type and operation of the function, and id of its state. For states: the same. For
   * lists, events and pauses of functions: the type that they are about. For dead letters: the id of the letter.
   */
  readonly function?: string;
  readonly operation?: string;
  readonly id?: string;
  /** Id of the flow. */
  readonly flow?: string;
  readonly event?: string;
  readonly channel?: string;
}

/**
 * Decides if a request is allowed. `true`, or the name of the client, allows it. `false`, or an
 * empty name, is answered with 403. A Response is sent as it is. A failure is answered with 500.
 *
 * Idempotency keys belong to names, so two clients may use the same key. The hook must not read the
 * body.
 */
export type Authorize = (request: Request, access: Access) => Grant | Promise<Grant>;
type Grant = boolean | string | Response;

/** The Response that a hook sends instead. */
export class Refusal extends Error {
  readonly response: Response;

  constructor(response: Response) {
    super("refused");
    this.response = response;
  }
}

/**
 * Calls the hook, if there is one. Returns the name of the client.
 *
 * @throws a `Refusal`, or a `ProblemError`
 */
export async function authorized(
  authorize: Authorize | undefined,
  request: Request,
  access: Access,
): Promise<string | undefined> {
  if (authorize === undefined) return undefined;
  const grant: unknown = await authorize(request, access);
  // A copy: a hook may reuse one Response, and its body can be read only once.
  if (isResponse(grant)) throw new Refusal(grant.clone());
  if (typeof grant === "string" && grant !== "") return grant;
  // Any value but `true` or a name is a refusal, also from an untyped hook.
  if (grant !== true) throw new ProblemError("FORBIDDEN");
  return undefined;
}

/** Tells whether a value is a Response, also one of another realm or of a package. */
function isResponse(value: unknown): value is Response {
  return (
    typeof value === "object" &&
    value !== null &&
    "status" in value &&
    "headers" in value &&
    "clone" in value &&
    typeof value.clone === "function"
  );
}
