import { HandbackError } from "../../../core/errors/errors.ts";
import { show } from "../../../core/errors/show.ts";

/** The two parts of a type name. */
export interface Typename {
  readonly namespace: string;
  readonly name: string;
}

/**
 * Checks the name of a type, function or egress: `namespace/name` with exactly one slash. A cluster
 * restarts its job for any other.
 * @throws `INVALID_NAME`
 */
export function checkTypename(typename: unknown): string {
  if (typeof typename === "string" && /^[^/]+\/[^/]+$/.test(typename) && typename.isWellFormed())
    return typename;
  throw new HandbackError(
    "INVALID_NAME",
    `type name: expected "namespace/name" with one slash, got ${show(typename)}`,
  );
}

/** Splits the name of a type. The namespace of a caller in another language may have slashes. */
export function splitTypename(typename: string): Typename {
  const slash = typename.lastIndexOf("/");
  return { namespace: typename.slice(0, slash), name: typename.slice(slash + 1) };
}
