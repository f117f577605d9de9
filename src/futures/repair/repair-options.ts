import { MESSAGE_ID } from "../../core/message/message-id.ts";
import {
  anything,
  checkedBy,
  flag,
  invalidOption,
  optional,
  readOptions,
} from "../../core/validation/options.ts";
import type { OptionTable } from "../../core/validation/options.ts";
import type { Repair } from "../protocol/messages.ts";

/** Options of `client.fail`. */
export interface FailOptions {
  /** The paused call: `call` of one in the flow's `status.paused`. Default: the only one. */
  readonly call?: string;
}

/** Options of `client.resume`. */
export interface ResumeOptions extends FailOptions {
  /** Another input for the call. Default: the input of the failed attempt. */
  readonly input?: unknown;
  /**
   * Gives the call another `ctx.idempotencyKey`, so that systems outside take it for a new call.
   * Default: false, and it keeps its key.
   */
  readonly newKey?: boolean;
}

const call = optional(checkedBy<string>(readCall));
const FAIL_OPTIONS = { call } satisfies OptionTable<FailOptions>;
const RESUME_OPTIONS = {
  call,
  input: anything(),
  newKey: optional(flag()),
} satisfies OptionTable<ResumeOptions>;

/** Checks the options of `client.fail`. @throws `INVALID_OPTIONS` */
export function readFailOptions(options: unknown): { readonly call: string | undefined } {
  return readOptions("fail", FAIL_OPTIONS, options);
}

/** A checked request to resume a call. */
export interface ResumeRequest extends Omit<Repair, "key"> {
  /** The new input, if it has one. */
  readonly input: unknown;
}

/** Checks the options of `client.resume`. @throws `INVALID_OPTIONS` */
export function readResumeOptions(options: ResumeOptions): ResumeRequest {
  const { call: named, input, newKey } = readOptions("resume", RESUME_OPTIONS, options);
  return {
    action: "resume",
    call: named,
    input,
    hasInput: "input" in options ? true : undefined,
    newKey: newKey === true ? true : undefined,
  };
}

function readCall(value: unknown, name: string): string {
  if (typeof value === "string" && MESSAGE_ID.test(value)) return value;
  throw invalidOption(name, "the call of an entry in status.paused", value);
}
