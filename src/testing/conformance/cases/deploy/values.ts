import { stateful } from "../../../../futures/define/stateful.ts";
import { value } from "../../../../core/state/value.ts";
import { equal } from "../../case/check.ts";
import type { Case } from "../../case/case.ts";

/** A cart that keeps its lines under the name `items`. */
export const cartV1 = stateful("test/cart", {
  state: { items: value<string[]>([]) },
  handlers: { add: (ctx, item: string) => ctx.state.items.push(item) },
});

const renameItems = ({ items = [] }: Record<string, unknown>): { lines: string[] } => ({
  lines: items as string[],
});

/** The next version, which calls them `lines`. */
export const cartV2 = stateful("test/cart", {
  version: 2,
  migrate: renameItems,
  state: { lines: value<string[]>([]) },
  handlers: { read: (ctx) => [...ctx.state.lines] },
});

/** The next version as it works on every engine: it names the value of the version before. */
const cartV2ForAll = stateful("test/cart", {
  version: 2,
  migrate: renameItems,
  formerValues: ["items"],
  state: { lines: value<string[]>([]) },
  handlers: {
    read: (ctx) => [...ctx.state.lines],
    close: (ctx): void => ctx.terminate(),
  },
});

export const deployedValueCases: readonly Case[] = [
  {
    title: "a migration gets values that the function no longer declares",
    needs: ["redeploy", "undeclaredValues"],
    async run({ start }) {
      const engine = await start([cartV1]);
      await engine.client.call(cartV1.add, "pen", { id: "c" });
      await engine.redeploy([cartV2]);
      equal(await engine.client.call(cartV2.read, undefined, { id: "c" }), ["pen"]);
    },
  },
  {
    title: "a migration gets values that the function names as former ones, and deletes them",
    needs: ["redeploy"],
    async run({ start }) {
      const engine = await start([cartV1]);
      await engine.client.call(cartV1.add, "pen", { id: "c" });
      await engine.redeploy([cartV2ForAll]);
      const read = (): Promise<unknown> =>
        engine.client.call(cartV2ForAll.read, undefined, { id: "c" });
      equal([await read(), await read()], [["pen"], ["pen"]]);
    },
  },
  {
    title: "terminating a state deletes values that the function names as former ones",
    needs: ["redeploy"],
    async run({ start }) {
      const engine = await start([cartV1]);
      await engine.client.call(cartV1.add, "pen", { id: "c" });
      await engine.redeploy([cartV2ForAll]);
      await engine.client.call(cartV2ForAll.close, undefined, { id: "c" });
      await engine.redeploy([cartV1]);
      equal(await engine.client.call(cartV1.add, "ink", { id: "c" }), 1);
    },
  },
];
