import { checkFlowKey, checkId } from "../../core/validation/names.ts";
import { anything, readOptions } from "../../core/validation/options.ts";
import type { OptionTable } from "../../core/validation/options.ts";
import type { StartOptions } from "./flow-handle.ts";

const OPTIONS = { id: anything(), key: anything() } satisfies OptionTable<StartOptions>;

/**
 * Checks the options of a start of this type. @throws `INVALID_OPTIONS`, `INVALID_KEY`,
 * `INVALID_IDEMPOTENCY_KEY`
 */
export function checkStartOptions(
  options: StartOptions,
  type: string,
): { readonly id: string | undefined; readonly key: string | undefined } {
  readOptions(type, OPTIONS, options);
  const id = "id" in options ? checkId(options.id, `id of ${type}`) : undefined;
  return { id, key: "key" in options ? checkFlowKey(options.key) : undefined };
}
