import type { Context } from "../../futures/types/context.ts";
import type { StatefulFn } from "../../futures/types/function.ts";

/** Token of the timer's delayed message. Parked work in stores has it, so it never changes. */
const TOKEN = "due";

/** The next alarm of an address: the operation to call there, its input, and the instant. */
export interface Alarm<Input> {
  readonly operation: StatefulFn<Input, unknown>;
  readonly input: Input;
  /** In ms since the epoch. An instant in the past fires at once. */
  readonly at: number;
}

/**
 * Sets the durable timer of this address. It is one delayed message from the address to itself, so
 * a caller cancels it or waits for it before setting it again.
 */
export function setAddressTimer<Input>(ctx: Context, { operation, input, at }: Alarm<Input>): void {
  const delay = Math.max(0, at - ctx.now());
  ctx.send(operation, input, { id: ctx.self.id, delay, token: TOKEN });
}

/** Cancels the timer of this address, if it is set. */
export function cancelAddressTimer(ctx: Context): void {
  ctx.cancelSend(TOKEN);
}
