import type { Definition } from "../../core/activation/definition.ts";
import { HandbackError } from "../../core/errors/errors.ts";

/**
 * Returns the functions, if none has a limit of its own. The processes of a cluster do not know how
 * many handlers the others run.
 *
 * @param where - names the cluster
 * @throws `UNSUPPORTED`
 */
export function requireUnlimited(
  definitions: ReadonlyMap<string, Definition>,
  where: string,
): ReadonlyMap<string, Definition> {
  for (const { type, concurrency } of definitions.values()) {
    if (concurrency === undefined) continue;
    throw new HandbackError(
      "UNSUPPORTED",
      `${type} has the option concurrency: the processes of ${where} do not know how many handlers the others run`,
      { details: { function: type } },
    );
  }
  return definitions;
}
