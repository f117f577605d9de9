import { checkFlowKey } from "../../core/validation/names.ts";
import { anything, checkedBy, optional, readOptions } from "../../core/validation/options.ts";
import type { OptionTable } from "../../core/validation/options.ts";
import { checkTraceparent } from "../../core/validation/traceparent.ts";
import { requiredStateIdOf } from "../define/state-id.ts";
import type { Target } from "../define/target.ts";
import type { StartOptions } from "./flow-handle.ts";

const NONE: StartOptions = {};
const OPTIONS = {
  id: anything(),
  key: anything(),
  traceparent: optional(checkedBy<string>(checkTraceparent)),
} satisfies OptionTable<StartOptions>;

const NO_OPTIONS = { traceparent: undefined };

/** The options of a start. */
interface CheckedStart {
  readonly id: string | undefined;
  readonly key: string | undefined;
  readonly traceparent: string | undefined;
}

/**
 * Checks the options of a start of this function. @throws `INVALID_OPTIONS`, `INVALID_KEY`,
 * `INVALID_IDEMPOTENCY_KEY`
 */
export function checkStartOptions(given: StartOptions | undefined, target: Target): CheckedStart {
  const options = given ?? NONE;
  const { traceparent } =
    given === undefined ? NO_OPTIONS : readOptions(target.type, OPTIONS, given);
  const id = requiredStateIdOf(options, target);
  return { id, key: "key" in options ? checkFlowKey(options.key) : undefined, traceparent };
}

/** What a flow is started with. */
export interface RequestedStart {
  readonly input: unknown;
  readonly options: StartOptions | undefined;
  /** The caller waits for its settlement. */
  readonly awaits: boolean;
}
