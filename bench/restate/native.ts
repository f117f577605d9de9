import { object, service } from "@restatedev/restate-sdk";
import type { Context, ObjectContext } from "@restatedev/restate-sdk";

/** The same work as that of the measured functions, as a user of Restate's SDK writes it. */
const steps = service({
  name: "native-steps",
  handlers: {
    step: async (_: Context, text: string) => text,
    branch: async (_: Context, n: number) => n + 1,
  },
});

const counter = object({
  name: "native-counter",
  handlers: {
    add: async (ctx: ObjectContext, n: number) => {
      const count = ((await ctx.get<number>("count")) ?? 0) + n;
      ctx.set("count", count);
      return count;
    },
  },
});

const BRANCHES = Array.from({ length: 10 }, (_, index) => index);
const total = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0);

const flows = service({
  name: "native",
  handlers: {
    noopRpc: async (_: Context, text: string) => text,
    noopRun: async (ctx: Context, text: string) => ctx.run("noop", () => text),
    chain3Rpc: async (ctx: Context, text: string) => {
      const client = ctx.serviceClient(steps);
      return client.step(await client.step(await client.step(text)));
    },
    chain3Run: async (ctx: Context, text: string) => {
      const first = await ctx.run("first", () => text);
      const second = await ctx.run("second", () => first);
      return ctx.run("third", () => second);
    },
    fan10Rpc: async (ctx: Context) =>
      total(await Promise.all(BRANCHES.map((n) => ctx.serviceClient(steps).branch(n)))),
    fan10Run: async (ctx: Context) =>
      total(await Promise.all(BRANCHES.map((n) => ctx.run(`branch ${n}`, () => n + 1)))),
    spread5Rpc: async (ctx: Context, key: string) =>
      total(
        await Promise.all(
          BRANCHES.slice(0, 5).map((n) => ctx.objectClient(counter, `${key}-${n}`).add(1)),
        ),
      ),
  },
});

/** Services without this library. */
export const native = [steps, counter, flows];
