import { HandbackError, stateful, value } from "handback";
import type { Machine } from "./machine.ts";

/** Counts the effects of each request: one, however often the code ran. */
export function makeLedger() {
  return stateful("test/ledger", {
    state: { requests: value<Record<string, number>>({}) },
    handlers: {
      book(ctx, request: string) {
        ctx.state.requests[request] = (ctx.state.requests[request] ?? 0) + 1;
        return ctx.state.requests[request];
      },
    },
  });
}

/** Reads the bookings under these ids. */
export const read = (ledger: ReturnType<typeof makeLedger>, ...ids: readonly string[]) => {
  return ({ engine }: Machine) => Promise.all(ids.map((id) => engine.client.readState(ledger, id)));
};

/** Ignores that a client that retries may find the flow ended. */
export function orIfOver(error: unknown): void {
  if (!HandbackError.is(error, "FLOW_OVER")) throw error;
}

/** Expects the same outcome, however the code was run. */
export function withoutStacks(result: unknown): unknown {
  return JSON.parse(
    JSON.stringify(result, (key, each: unknown) => (key === "stack" ? undefined : each)),
  );
}
