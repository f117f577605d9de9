import { stateful } from "../../../../futures/define/stateful.ts";
import { value } from "../../../../core/state/value.ts";
import { equal } from "../../case/check.ts";
import type { Case } from "../../case/case.ts";

const before = stateful("test/tally", {
  state: { n: value(0) },
  handlers: {
    plan: (ctx): void => ctx.send(before.add, 5, { id: ctx.self.id, delay: 1000 }),
    add: (ctx, n: number) => (ctx.state.n += n),
  },
});

const after = stateful("test/tally", {
  state: { n: value(0) },
  handlers: { increase: (ctx, n: number) => (ctx.state.n += n), read: (ctx) => ctx.state.n },
  operationAliases: { increase: ["add"] },
});

export const renamedOperationCases: readonly Case[] = [
  {
    title: "a message for a former name of an operation reaches the operation",
    needs: ["redeploy"],
    async run({ start, time }) {
      const engine = await start([before]);
      await engine.client.call(before.plan, undefined, { id: "t" });
      await engine.redeploy([after]);
      await time.advance(1000);
      equal(await engine.client.call(after.read, undefined, { id: "t" }), 5);
    },
  },
];
