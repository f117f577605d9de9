import fc from "fast-check";
import { embedded, HandbackError, memory, stateful, value } from "handback";
import type { Client } from "handback";
import { expect, test } from "vitest";
import { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";
import { HeldStore } from "../support/held-store.ts";
import type { Visible } from "../support/held-store.ts";

/** An action at one address. The handler of `fail` performs it too, and then throws. */
type Act =
  | { readonly do: "set"; readonly name: "a" | "b"; readonly to: number }
  | { readonly do: "delete"; readonly name: "a" | "b" }
  | { readonly do: "terminate" }
  | { readonly do: "later"; readonly delay: number; readonly token: string | undefined }
  | { readonly do: "cancel"; readonly token: string };

interface Command {
  readonly acts: readonly Act[];
  readonly fails: boolean;
  /** Time until the next command, which does not wait for the outcome of this one. */
  readonly pause: number;
}

interface Box {
  readonly a: number;
  readonly b: number;
}

/** One handled message, in the order in which handlers ran. */
type Handled = { readonly at: number } & (
  | { readonly command: Command; readonly alarms: readonly string[] }
  | { readonly rang: string }
);

const token = fc.constantFrom("s", "t");
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({
    do: fc.constant("set"),
    name: fc.constantFrom("a", "b"),
    to: fc.integer({ min: 1, max: 9 }),
  } as const),
  fc.record({ do: fc.constant("delete"), name: fc.constantFrom("a", "b") } as const),
  fc.record({ do: fc.constant("terminate") } as const),
  fc.record({
    do: fc.constant("later"),
    delay: fc.nat(40),
    token: fc.constant(undefined),
  } as const),
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("later"),
      delay: fc.integer({ min: 1, max: 40 }),
      token,
    } as const),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("cancel"), token } as const) },
);
const command: fc.Arbitrary<Command> = fc.record({
  acts: fc.array(act, { minLength: 1, maxLength: 3 }),
  fails: fc.boolean(),
  pause: fc.nat(15),
});
const world = fc.record({
  commands: fc.array(command, { minLength: 1, maxLength: 15 }),
  /** The durations of the commits, in turn. */
  commits: fc.array(fc.nat(25), { minLength: 1, maxLength: 6 }),
  visible: fc.constantFrom<Visible>("at once", "when it resolves"),
  queues: fc.boolean(),
  cachedStates: fc.constantFrom(1, 2, 1000),
});

const EMPTY: Box = { a: 0, b: 0 };

test("with slow commits, states, tokens and timers behave as if each message were committed at once", async () => {
  await fc.assert(
    fc.asyncProperty(world, async ({ commands, commits, visible, queues, cachedStates }) => {
      const clock = new VirtualClock();
      const content = memory();
      let commit = 0;
      const store = new HeldStore(
        content,
        () => clock.work(commits[commit++ % commits.length] ?? 0),
        visible,
        queues,
      );
      const { box, handled } = makeBox();
      const engine = await embedded({ functions: [box], store, clock, cachedStates });
      const calls: Promise<unknown>[] = [];
      const seen: { readonly box: Box; readonly handled: number }[] = [];
      for (const each of commands) {
        calls.push(
          engine.client.call(box.obey, each, { id: "x" }).catch((error: unknown) => error),
        );
        await clock.until(clock.work(each.pause));
        seen.push({ box: await read(engine.client, box), handled: handled.length });
      }
      await clock.until(Promise.all(calls));
      while (content.count().delayed + content.count().messages > 0) await clock.advance(10);
      expect(await Promise.all(calls)).toEqual(
        commands.map(({ fails }) => (fails ? expect.any(HandbackError) : undefined) as unknown),
      );
      checkAlarms(handled);
      checkReads(handled, seen);
      await clock.until(engine.close());
      const next = await embedded({ functions: [box], store: content, clock });
      expect(await read(next.client, box)).toEqual(states(handled).at(-1));
      await next.close();
    }),
  );
});

function makeBox() {
  const handled: Handled[] = [];
  const box = stateful("test/box", {
    state: { a: value(0), b: value(0) },
    handlers: {
      obey(ctx, command: Command): void {
        const alarms: string[] = [];
        for (const [rowId, act] of command.acts.entries()) {
          switch (act.do) {
            case "set":
              ctx.state[act.name] = act.to;
              break;
            case "delete":
              ctx.state[act.name] = 0;
              break;
            case "terminate":
              ctx.terminate();
              break;
            case "later":
              alarms.push(`${handled.length}.${rowId}`);
              ctx.send(box.ring, `${handled.length}.${rowId}`, {
                id: "x",
                delay: act.delay,
                ...(act.token !== undefined && { token: act.token }),
              });
              break;
            case "cancel":
              ctx.cancelSend(act.token);
          }
        }
        handled.push({ at: ctx.now(), command, alarms });
        if (command.fails) throw new Error("told to fail");
      },
      ring: (ctx, rang: string) => void handled.push({ at: ctx.now(), rang }),
    },
  });
  return { box, handled };
}

async function read(client: Client, box: ReturnType<typeof makeBox>["box"]): Promise<Box> {
  try {
    return await client.readState(box, "x");
  } catch (error) {
    if (HandbackError.is(error, "NOT_FOUND")) return EMPTY;
    throw error;
  }
}

/** Returns the states after 0, 1, ... messages. */
function states(handled: readonly Handled[]): readonly Box[] {
  const after: Box[] = [EMPTY];
  for (const each of handled) {
    let box = after.at(-1) ?? EMPTY;
    if ("command" in each && !each.command.fails) {
      for (const act of each.command.acts) {
        if (act.do === "set") box = { ...box, [act.name]: act.to };
        if (act.do === "delete") box = { ...box, [act.name]: 0 };
      }
      if (each.command.acts.some((act) => act.do === "terminate")) box = EMPTY;
    }
    after.push(box);
  }
  return after;
}

/** Expects that readers saw only past states, and never an older one after a newer one. */
function checkReads(
  handled: readonly Handled[],
  seen: readonly { readonly box: Box; readonly handled: number }[],
): void {
  const all = states(handled);
  let from = 0;
  for (const { box, handled } of seen) {
    const at = all.findIndex(
      (state, index) => index >= from && state.a === box.a && state.b === box.b,
    );
    expect({ box, at: at >= 0 && at <= handled }).toEqual({ box, at: true });
    from = at;
  }
}

/**
 * Expects that an alarm rang once and not early, or never if it was canceled or replaced before its
 * time.
 */
function checkAlarms(handled: readonly Handled[]): void {
  const rung = handled.flatMap((each) => ("rang" in each ? [each] : []));
  for (const [rowId, each] of handled.entries()) {
    if ("rang" in each) continue;
    let alarm = 0;
    for (const [step, act] of each.command.acts.entries()) {
      if (act.do !== "later") continue;
      const name = each.alarms[alarm++];
      const rings = rung.filter(({ rang }) => rang === name);
      const dueAt = each.at + act.delay;
      const ended = endOfToken(handled, { rowId, step, token: act.token });
      const last = each.command.fails || ended < dueAt ? 0 : 1;
      const first = ended === Number.POSITIVE_INFINITY ? last : 0;
      const allowed =
        rings.length >= first && rings.length <= last && rings.every(({ at }) => at >= dueAt);
      expect({ name, dueAt, ended, rings, allowed }).toMatchObject({ allowed: true });
    }
  }
}

interface Use {
  readonly rowId: number;
  readonly step: number;
  readonly token: string | undefined;
}

/**
 * Returns the instant at which a later action first cancels the token or uses it for another
 * message.
 */
function endOfToken(handled: readonly Handled[], { rowId, step, token }: Use): number {
  if (token === undefined) return Number.POSITIVE_INFINITY;
  for (const [index, each] of handled.entries()) {
    if (index < rowId || "rang" in each || each.command.fails) continue;
    const acts = index === rowId ? each.command.acts.slice(step + 1) : each.command.acts;
    // Within one handler all actions happen at once, and a canceled message never leaves.
    if (acts.some((act) => "token" in act && act.token === token))
      return index === rowId ? Number.NEGATIVE_INFINITY : each.at;
  }
  return Number.POSITIVE_INFINITY;
}
