import { fn, stateful, value } from "handback";
import { expect } from "vitest";
import type { Case } from "../conformance.ts";

const log = stateful("test/log", {
  state: { lines: value<unknown[]>([]) },
  handlers: {
    write: (ctx, line: unknown) => void ctx.state.lines.push(line),
    read: (ctx) => [...ctx.state.lines],
    answer: (ctx, line: unknown) => ctx.reply({ re: line }),
  },
});

const id = "l";

/** Sends delayed messages under tokens, and cancels them later. */
const sender = stateful("test/sender", {
  state: { sent: value(0) },
  handlers: {
    later: (ctx, { line, token }: { line: string; token: string }) => {
      ctx.state.sent++;
      ctx.send(log.write, line, { id, delay: 100, token });
    },
    cancel: (ctx, token: string) => ctx.cancelSend(token),
    both: (ctx, token: string) => {
      ctx.send(log.write, "at once cancelled", { id, delay: 100, token });
      ctx.cancelSend(token);
    },
  },
});

export const messageCases: readonly Case[] = [
  {
    title: "sends one-way messages, with futures in them resolved, and goes on without them",
    async run(start) {
      const slow = fn("test/slow", (ctx, line: string) => ctx.onComplete(ctx.sleep(1000), say, line));
      const say = fn("test/say", (_, { args }: { result: void; args: string }) => args);
      const parent = fn("test/parent", (ctx) => {
        ctx.send(log.write, "plain", { id });
        ctx.send(log.write, { inside: ctx.invoke(slow, "later") }, { id });
        return "done";
      });
      const { client, clock } = await start([parent, slow, say, log]);
      expect(await client.call(parent)).toBe("done");
      await clock.quiet();
      expect(await client.call(log.read, undefined, { id })).toEqual(["plain"]);
      await clock.advance(1000);
      expect(await client.call(log.read, undefined, { id })).toEqual(["plain", { inside: "later" }]);
    },
  },
  {
    title: "keeps the order of messages from one sender to one address",
    async run(start) {
      const burst = fn("test/burst", (ctx, name: string) => {
        for (let n = 0; n < 40; n++) ctx.send(log.write, [name, n], { id });
      });
      const { client, clock } = await start([burst, log]);
      await Promise.all([client.call(burst, "a"), client.call(burst, "b")]);
      await clock.quiet();
      const lines = (await client.call(log.read, undefined, { id })) as [string, number][];
      for (const name of ["a", "b"]) {
        const own = lines.flatMap(([from, n]) => (from === name ? [n] : []));
        expect(own).toEqual(Array.from({ length: 40 }, (_, n) => n));
      }
    },
  },
  {
    title: "keeps the order of invokes and sends from one handler to one address",
    async run(start) {
      const parent = fn("test/parent", (ctx) => {
        ctx.send(log.write, 1, { id });
        const second = ctx.invoke(log.write, 2, { id });
        ctx.send(log.write, 3, { id });
        return ctx.invoke(log.read, undefined, { id, after: [second, ctx.invoke(log.write, 4, { id })] });
      });
      const { client } = await start([parent, log]);
      expect(await client.call(parent)).toEqual([1, 2, 3, 4]);
    },
  },
  {
    title: "delivers a delayed message when it is due, not before",
    async run(start) {
      const { client, clock } = await start([sender, log]);
      await client.call(sender.later, { line: "due", token: "t" }, { id: "s" });
      await clock.advance(99);
      expect(await client.call(log.read, undefined, { id })).toEqual([]);
      await clock.advance(1);
      expect(await client.call(log.read, undefined, { id })).toEqual(["due"]);
    },
  },
  {
    title: "cancels a delayed message by its token, within its handler and from a later one",
    async run(start) {
      const { client, clock } = await start([sender, log]);
      await client.call(sender.later, { line: "cancelled", token: "t" }, { id: "s" });
      await client.call(sender.later, { line: "kept", token: "u" }, { id: "s" });
      await client.call(sender.both, "v", { id: "s" });
      await client.call(sender.cancel, "t", { id: "s" });
      await clock.advance(1000);
      expect(await client.call(log.read, undefined, { id })).toEqual(["kept"]);
      // One that has been delivered, or was never sent: nothing happens.
      await client.call(sender.cancel, "u", { id: "s" });
      await client.call(sender.cancel, "never", { id: "s" });
      expect(await client.call(log.read, undefined, { id })).toEqual(["kept"]);
    },
  },
  {
    title: "keeps the tokens of different addresses apart, and lets a token be used again",
    async run(start) {
      const { client, clock } = await start([sender, log]);
      await client.call(sender.later, { line: "mine", token: "t" }, { id: "s" });
      await client.call(sender.later, { line: "other's", token: "t" }, { id: "other" });
      await client.call(sender.cancel, "t", { id: "s" });
      await client.call(sender.later, { line: "again", token: "t" }, { id: "s" });
      await clock.advance(1000);
      expect(new Set(await client.call(log.read, undefined, { id }))).toEqual(new Set(["other's", "again"]));
    },
  },
  {
    title: "lets the second of two pending messages with one token take the place of the first",
    async run(start) {
      const { client, clock } = await start([sender, log]);
      await client.call(sender.later, { line: "first", token: "t" }, { id: "s" });
      await client.call(sender.later, { line: "second", token: "t" }, { id: "s" });
      await clock.advance(1000);
      expect(await client.call(log.read, undefined, { id })).toEqual(["second"]);
    },
  },
  {
    title: "replies to the operation that sent, or to whom its replyTo named",
    async run(start) {
      const asker = stateful("test/asker", {
        state: { got: value<unknown[]>([]) },
        handlers: {
          ask: (ctx, line: unknown) => {
            if (typeof line !== "string") return void ctx.state.got.push(line);
            ctx.send(log.answer, line, { id });
            ctx.send(log.answer, `${line} elsewhere`, { id, replyTo: { function: log.write, id: "elsewhere" } });
          },
          got: (ctx) => [...ctx.state.got],
        },
      });
      const { client, clock } = await start([asker, log]);
      await client.call(asker.ask, "question", { id: "a" });
      await clock.quiet();
      expect(await client.call(asker.got, undefined, { id: "a" })).toEqual([{ re: "question" }]);
      expect(await client.call(log.read, undefined, { id: "elsewhere" })).toEqual([{ re: "question elsewhere" }]);
    },
  },
  {
    title: "says NO_CALLER for a reply to a message from outside",
    async run(start) {
      const { client } = await start([log]);
      await expect(client.call(log.answer, "x", { id })).rejects.toMatchObject({ code: "NO_CALLER" });
    },
  },
  {
    title: "lets a function send to itself",
    async run(start) {
      const down = stateful("test/down", {
        state: { steps: value(0) },
        handlers: {
          from: (ctx, n: number) => {
            ctx.state.steps++;
            if (n > 0) ctx.send(down.from, n - 1, { id: ctx.self.id });
          },
          steps: (ctx) => ctx.state.steps,
        },
      });
      const { client, clock } = await start([down]);
      await client.call(down.from, 20, { id: "d" });
      await clock.quiet();
      expect(await client.call(down.steps, undefined, { id: "d" })).toBe(21);
    },
  },
  {
    title: "hands values to an egress in order, with futures resolved, and tries a sink that fails again",
    needs: ["egress"],
    async run(start) {
      const seen: { value: unknown; id: string }[] = [];
      let failures = 2;
      const sink = (given: unknown, { id }: { id: string }): void => {
        seen.push({ value: given, id });
        if (failures-- > 0) throw new Error("not now");
      };
      const echo = fn("test/echo", (_, input: unknown) => input);
      const parent = fn("test/parent", (ctx) => ctx.egress("test/out", { late: ctx.invoke(echo, 7) }));
      const { client, clock } = await start([parent, echo], { egress: { "test/out": sink } });
      await client.call(parent);
      await clock.advance(10_000);
      expect(seen.map((each) => each.value)).toEqual([{ late: 7 }, { late: 7 }, { late: 7 }]);
      expect(new Set(seen.map((each) => each.id)).size).toBe(1);
    },
  },
  {
    title: "hands nothing to an egress when the handler throws, and knows which egresses there are",
    needs: ["egress"],
    async run(start) {
      const seen: unknown[] = [];
      const throwing = fn("test/throwing", (ctx) => {
        ctx.egress("test/out", 1);
        throw new Error("undone");
      });
      const { client, clock } = await start([throwing, unknownEgress], { egress: { "test/out": (given) => void seen.push(given) } });
      await expect(client.call(throwing)).rejects.toMatchObject({ code: "FUNCTION_FAILED" });
      await expect(client.call(unknownEgress)).rejects.toMatchObject({ code: "UNKNOWN_EGRESS" });
      await clock.quiet();
      expect(seen).toEqual([]);
    },
  },
  {
    title: "buries one-way messages that fail, and those whose input rejects",
    needs: ["deadLetters"],
    async run(start) {
      const fail = fn("test/fail", (_, why: string): string => {
        throw new Error(why);
      });
      const parent = fn("test/parent", (ctx) => {
        ctx.send(fail, "itself");
        ctx.send(log.write, ctx.invoke(fail, "its input"), { id });
      });
      const { client, clock, deadLetters } = await start([parent, fail, log]);
      await client.call(parent);
      await clock.quiet();
      expect(deadLetters()).toMatchObject([
        { target: { type: "test/fail" }, operation: "call", input: "itself", failure: { message: "itself" } },
        { target: { type: "test/log", id }, operation: "write", failure: { message: "its input", function: "test/fail" } },
      ]);
      expect(await client.call(log.read, undefined, { id })).toEqual([]);
    },
  },
];

const unknownEgress = fn("test/unknown-egress", (ctx) => ctx.egress("test/none", 1));
