import type { HandlerEnvironment } from "../../futures/types/context.ts";
import { specOf } from "../../futures/define/spec.ts";
import { simulationOf } from "./call-record.ts";
import { makeTestDouble } from "./test-double.ts";

/**
 * Makes a simulation record the runs of a function. `run.calls(f)` lists them in the order in which
 * they began, including those of crashed processes.
 *
 * @throws `UNKNOWN_FUNCTION` if it is not given a function
 * @example
 * import { fn } from "handback";
 * import { record, simulate } from "handback/testing";
 *
 * const notify = fn("docs/notify-one", (_, channel: string) => `told ${channel}`);
 * const notifyAll = fn("docs/notify-all", (ctx, channels: string[]) =>
 *   channels.map((channel) => ctx.invoke(notify, channel)),
 * );
 *
 * const functions = [notifyAll, record(notify)];
 * const run = await simulate({ functions }, (t) => t.client.call(notifyAll, ["mail", "sms"]));
 * console.log(run.calls(notify).map(({ input }) => input)); // [ "mail", "sms" ]
 */
export function record<Function extends object>(f: Function): Function {
  const spec = specOf(f);
  return makeTestDouble(f, {
    isRecorded: true,
    handler: (real, name) => (ctx: HandlerEnvironment, input: unknown) => {
      const simulation = simulationOf(ctx, "record()");
      const { self, idempotencyKey: key, attempt } = ctx;
      const operation = spec?.state === undefined ? undefined : name;
      simulation.calls
        .get(self.type)
        ?.push({ operation, id: self.id, input, key, attempt, at: simulation.at() });
      return real(ctx, input);
    },
  });
}
