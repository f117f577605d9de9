import { checkFlowKey } from "../../core/validation/names.ts";
import { anything, readOptions } from "../../core/validation/options.ts";
import type { OptionTable } from "../../core/validation/options.ts";
import { requiredStateIdOf } from "../define/state-id.ts";
import type { Target } from "../define/target.ts";
import type { StartOptions } from "./flow-handle.ts";

const NONE: StartOptions = {};
const OPTIONS = { id: anything(), key: anything() } satisfies OptionTable<StartOptions>;

/**
 * Checks the options of a start of this function. @throws `INVALID_OPTIONS`, `INVALID_KEY`,
 * `INVALID_IDEMPOTENCY_KEY`
 */
export function checkStartOptions(
  given: StartOptions | undefined,
  target: Target,
): { readonly id: string | undefined; readonly key: string | undefined } {
  const options = given ?? NONE;
  if (given !== undefined) readOptions(target.type, OPTIONS, given);
  const id = requiredStateIdOf(options, target);
  return { id, key: "key" in options ? checkFlowKey(options.key) : undefined };
}
