import { embedded, memory, stateful, value } from "handback";
import fc from "fast-check";
import { expect, test } from "vitest";
import { law } from "../support/law.ts";
import { inWorld } from "../support/world.ts";

const NAMES = ["a", "b", "c", "__proto__"];
const ACTIONS = ["none", "look", "write", "query", "readState", "fail", "terminate"] as const;

type Values = Record<string, unknown>;

const ofNames = (names: Iterable<string>, valueOf: (name: string) => unknown): Values => {
  const made = Object.create(null) as Values;
  for (const name of names) made[name] = valueOf(name);
  return made;
};

/** A version of the code: the values that it declares, and what is done with it. */
const versions = fc.array(
  fc.record({
    declares: fc.subarray(NAMES, { minLength: 1 }),
    action: fc.constantFrom(...ACTIONS),
  }),
  { minLength: 1, maxLength: 8 },
);

law(
  "a migration gets every stored value, and what it drops is deleted in the commit that stores the rest",
  [versions],
  async (deploys) => {
    const store = memory();
    const at = { id: "s" };
    /** The values that are stored, and the version that wrote them. */
    let stored = new Map<string, unknown>();
    let writtenBy = 1;
    for (const [nth, { declares, action }] of deploys.entries()) {
      const version = nth + 1;
      const seen: [Map<string, unknown>, number][] = [];
      const keeper = stateful("law/keeper", {
        version,
        migrate(old: Values, from) {
          seen.push([new Map(Object.entries(old)), from]);
          return ofNames(declares, (name) =>
            Object.hasOwn(old, name) ? old[name] : `new in ${version}`,
          );
        },
        state: ofNames(declares, () => value<unknown>(0)) as Record<
          string,
          ReturnType<typeof value<unknown>>
        >,
        handlers: {
          look: (ctx) => Object.keys({ ...ctx.state }).length,
          write(ctx, name: string) {
            ctx.state[name] = `written by ${version}`;
          },
          fail(ctx): void {
            ctx.state[declares[0] ?? ""] = "lost";
            throw new Error("no");
          },
          terminate: (ctx): void => ctx.terminate(),
        },
        queries: { query: (ctx) => Object.keys({ ...ctx.state }).length },
      });
      const engine = await embedded({ functions: [keeper], store });
      const { client } = engine;
      const loads = action !== "none" && action !== "terminate";
      const migrates = loads && stored.size > 0 && writtenBy !== version;
      const before = stored;
      const fromVersion = writtenBy;
      if (action === "look") await client.call(keeper.look, undefined, at);
      if (action === "write") await client.call(keeper.write, declares[0] ?? "", at);
      if (action === "query") await client.call(keeper.query, undefined, at);
      if (action === "readState") await client.readState(keeper, at.id).catch(() => undefined);
      if (action === "fail")
        await expect(client.call(keeper.fail, undefined, at)).rejects.toThrow("no");
      if (action === "terminate") await client.call(keeper.terminate, undefined, at);
      if (action === "look" || action === "write") {
        if (migrates) {
          stored = new Map(
            declares.map((name) => [
              name,
              before.has(name) ? before.get(name) : `new in ${version}`,
            ]),
          );
          writtenBy = version;
        }
        if (action === "write") {
          stored = new Map(stored).set(declares[0] ?? "", `written by ${version}`);
          writtenBy = version;
        }
      }
      if (action === "terminate") [stored, writtenBy] = [new Map(), 1];
      const rows = store.readState({ type: "law/keeper", id: at.id });
      const names = rows.map(({ name }) => name).filter((name) => !name.startsWith("@"));
      expect(names.toSorted()).toEqual([...stored.keys()].toSorted());
      for (const each of seen) expect(each).toEqual([before, fromVersion]);
      expect(seen.length > 0).toBe(migrates);
      await engine.close();
    }
  },
);

test.each(["handled", "collected"])(
  "values of former versions age out with their state, when it is %s",
  (way) =>
    inWorld(async (world) => {
      const options = { ageOut: "1h" } as const;
      const first = stateful("law/aging", {
        ...options,
        state: { secret: value("") },
        handlers: { keep: (ctx, text: string) => void (ctx.state.secret = text) },
      });
      const second = stateful("law/aging", {
        ...options,
        state: { n: value(0) },
        handlers: { add: (ctx) => ++ctx.state.n },
      });
      const client = await world.start([first]);
      await client.call(first.keep, "text", { id: "s" });
      const after = await world.start([second]);
      await after.call(second.add, undefined, { id: "s" });
      const namesNow = (): readonly string[] =>
        world.store.readState({ type: "law/aging", id: "s" }).map(({ name }) => name);
      expect(namesNow()).toContain("secret");
      await world.clock.advance(3_600_000);
      if (way === "handled") expect(await after.call(second.add, undefined, { id: "s" })).toBe(1);
      else await world.clock.advance(120_000);
      expect(namesNow().filter((name) => name !== "n" && name !== "@life")).toEqual([]);
    }),
);
