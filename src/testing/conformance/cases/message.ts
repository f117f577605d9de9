import { fn } from "../../../futures/define/fn.ts";
import { stateful } from "../../../futures/define/stateful.ts";
import { value } from "../../../core/state/value.ts";
import { equal, matches, ok, rejects } from "../case/check.ts";
import type { Case } from "../case/case.ts";
import type { DeadLetterReport } from "../../../futures/client/stored/dead-letter.ts";

const log = stateful("test/log", {
  state: { lines: value<unknown[]>([]) },
  handlers: {
    write: (ctx, line: unknown) => void ctx.state.lines.push(line),
    read: (ctx) => [...ctx.state.lines],
    answer: (ctx, line: unknown) => ctx.reply({ re: line }),
  },
});

const id = "l";
/** Long enough for several requests to arrive before it ends. */
const DELAY_MS = 5000;

/** Sends delayed messages with tokens, and cancels them later. */
const sender = stateful("test/sender", {
  state: { sent: value(0) },
  handlers: {
    later: (ctx, { line, token }: { line: string; token: string }) => {
      ctx.state.sent++;
      ctx.send(log.write, line, { id, delay: DELAY_MS, token });
    },
    cancel: (ctx, token: string) => ctx.cancelSend(token),
    both: (ctx, token: string) => {
      ctx.send(log.write, "at once cancelled", { id, delay: DELAY_MS, token });
      ctx.cancelSend(token);
    },
  },
});

export const messageCases: readonly Case[] = [
  {
    title: "one-way messages are sent with their futures resolved, and the sender does not wait",
    async run({ start, time }) {
      const slow = fn("test/slow", (ctx, line: string) =>
        ctx.onComplete(ctx.sleep(3000), say, line),
      );
      const say = fn("test/say", (_, { args }: { result: void; args: string }) => args);
      const parent = fn("test/parent", (ctx) => {
        ctx.send(log.write, "plain", { id });
        ctx.send(log.write, { inside: ctx.invoke(slow, "later") }, { id });
        return "done";
      });
      const { client } = await start([parent, slow, say, log]);
      equal(await client.call(parent), "done");
      await time.eventually(async () =>
        equal(await client.call(log.read, undefined, { id }), ["plain"]),
      );
      await time.advance(3000);
      await time.eventually(async () =>
        equal(await client.call(log.read, undefined, { id }), ["plain", { inside: "later" }]),
      );
    },
  },
  {
    title: "messages from one sender to one address keep their order",
    async run({ start, time }) {
      const burst = fn("test/burst", (ctx, name: string) => {
        for (let n = 0; n < 40; n++) ctx.send(log.write, [name, n], { id });
      });
      const { client } = await start([burst, log]);
      await Promise.all([client.call(burst, "a"), client.call(burst, "b")]);
      await time.eventually(async () => {
        const lines = (await client.call(log.read, undefined, { id })) as [string, number][];
        for (const name of ["a", "b"]) {
          const own = lines.flatMap(([from, n]) => (from === name ? [n] : []));
          equal(
            own,
            Array.from({ length: 40 }, (_, n) => n),
          );
        }
      });
    },
  },
  {
    title: "invokes and sends from one handler to one address keep their order",
    async run({ start }) {
      const parent = fn("test/parent", (ctx) => {
        ctx.send(log.write, 1, { id });
        const second = ctx.invoke(log.write, 2, { id });
        ctx.send(log.write, 3, { id });
        return ctx.invoke(log.read, undefined, {
          id,
          after: [second, ctx.invoke(log.write, 4, { id })],
        });
      });
      const { client } = await start([parent, log]);
      equal(await client.call(parent), [1, 2, 3, 4]);
    },
  },
  {
    title: "a delayed message is delivered when it is due, not before",
    async run({ start, time }) {
      const { client } = await start([sender, log]);
      await client.call(sender.later, { line: "due", token: "t" }, { id: "s" });
      await time.advance(time.almost(DELAY_MS));
      equal(await client.call(log.read, undefined, { id }), []);
      await time.advance(DELAY_MS - time.almost(DELAY_MS));
      await time.eventually(async () =>
        equal(await client.call(log.read, undefined, { id }), ["due"]),
      );
    },
  },
  {
    title: "a delayed message is canceled by its token, in the same handler and in a later one",
    async run({ start, time }) {
      const { client } = await start([sender, log]);
      await client.call(sender.later, { line: "cancelled", token: "t" }, { id: "s" });
      await client.call(sender.later, { line: "kept", token: "u" }, { id: "s" });
      await client.call(sender.both, "v", { id: "s" });
      await client.call(sender.cancel, "t", { id: "s" });
      await time.advance(DELAY_MS);
      await time.eventually(async () =>
        equal(await client.call(log.read, undefined, { id }), ["kept"]),
      );
      // The token of a message that was delivered or never sent has no effect.
      await client.call(sender.cancel, "u", { id: "s" });
      await client.call(sender.cancel, "never", { id: "s" });
      equal(await client.call(log.read, undefined, { id }), ["kept"]);
    },
  },
  {
    title: "tokens of different addresses are separate, and a token can be used again",
    async run({ start, time }) {
      const { client } = await start([sender, log]);
      await client.call(sender.later, { line: "mine", token: "t" }, { id: "s" });
      await client.call(sender.later, { line: "other's", token: "t" }, { id: "other" });
      await client.call(sender.cancel, "t", { id: "s" });
      await client.call(sender.later, { line: "again", token: "t" }, { id: "s" });
      await time.advance(DELAY_MS);
      await time.eventually(async () => {
        const lines = await client.call(log.read, undefined, { id });
        equal(lines.length, 2);
        for (const line of ["other's", "again"])
          ok(lines.includes(line), `expected the message ${line}`);
      });
    },
  },
  {
    title: "a second pending message with the same token replaces the first",
    async run({ start, time }) {
      const { client } = await start([sender, log]);
      await client.call(sender.later, { line: "first", token: "t" }, { id: "s" });
      await client.call(sender.later, { line: "second", token: "t" }, { id: "s" });
      await time.advance(DELAY_MS);
      await time.eventually(async () =>
        equal(await client.call(log.read, undefined, { id }), ["second"]),
      );
    },
  },
  {
    title: "a reply goes to the operation that sent the message, or to the one that replyTo names",
    async run({ start, time }) {
      const asker = stateful("test/asker", {
        state: { got: value<unknown[]>([]) },
        handlers: {
          ask: (ctx, line: unknown) => {
            if (typeof line !== "string") return void ctx.state.got.push(line);
            ctx.send(log.answer, line, { id });
            ctx.send(log.answer, `${line} elsewhere`, {
              id,
              replyTo: { function: log.write, id: "elsewhere" },
            });
          },
          got: (ctx) => [...ctx.state.got],
        },
      });
      const { client } = await start([asker, log]);
      await client.call(asker.ask, "question", { id: "a" });
      await time.eventually(async () => {
        equal(await client.call(asker.got, undefined, { id: "a" }), [{ re: "question" }]);
        equal(await client.call(log.read, undefined, { id: "elsewhere" }), [
          { re: "question elsewhere" },
        ]);
      });
    },
  },
  {
    title: "a reply to a message from outside says NO_CALLER",
    async run({ start }) {
      const { client } = await start([log]);
      await rejects(client.call(log.answer, "x", { id }), { code: "NO_CALLER" });
    },
  },
  {
    title: "a message of a type that its receiver has no operation for is refused when it is sent",
    async run({ start, time }) {
      const sends = fn("test/sends", (ctx, type: string) => {
        ctx.send("test/log", id, { type, value: type });
      });
      const { client } = await start([sends, log]);
      await rejects(client.call(sends, "erase"), { code: "UNKNOWN_FUNCTION" });
      await client.call(sends, "write");
      await time.eventually(async () =>
        equal(await client.call(log.read, undefined, { id }), ["write"]),
      );
    },
  },
  {
    title: "a function can send to itself",
    async run({ start, time }) {
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
      const { client } = await start([down]);
      await client.call(down.from, 20, { id: "d" });
      await time.eventually(async () =>
        equal(await client.call(down.steps, undefined, { id: "d" }), 21),
      );
    },
  },
  {
    title: "values reach an egress in order, with futures resolved, and a failing sink is retried",
    needs: ["egress"],
    async run({ start, time }) {
      const seen: { value: unknown; id: string }[] = [];
      let failures = 2;
      const sink = (given: unknown, { id }: { id: string }): void => {
        seen.push({ value: given, id });
        if (failures-- > 0) throw new Error("not now");
      };
      const echo = fn("test/echo", (_, input: unknown) => input);
      const parent = fn("test/parent", (ctx) =>
        ctx.egress("test/out", { late: ctx.invoke(echo, 7) }),
      );
      const { client } = await start([parent, echo], { egress: { "test/out": sink } });
      await client.call(parent);
      await time.advance(1000);
      // Delivery is at least once, so an engine may repeat one that succeeded.
      await time.eventually(async () =>
        ok(seen.length >= 3, `expected three deliveries, got ${seen.length}`),
      );
      for (const each of seen) equal(each.value, { late: 7 });
      equal(new Set(seen.map((each) => each.id)).size, 1);
    },
  },
  {
    title: "an egress gets nothing if the handler throws, and an unknown egress is rejected",
    needs: ["egress"],
    async run({ start, time }) {
      const seen: unknown[] = [];
      const throwing = fn("test/throwing", (ctx) => {
        ctx.egress("test/out", 1);
        throw new Error("undone");
      });
      const { client } = await start([throwing, unknownEgress], {
        egress: { "test/out": (given) => void seen.push(given) },
      });
      await rejects(client.call(throwing), { code: "FUNCTION_FAILED" });
      await rejects(client.call(unknownEgress), { code: "UNKNOWN_EGRESS" });
      await time.quiet();
      equal(seen, []);
    },
  },
  {
    title: "one-way messages that fail, or whose input is rejected, become dead letters",
    needs: ["deadLetters"],
    async run({ start, time }) {
      const fail = fn("test/fail", (_, why: string): string => {
        throw new Error(why);
      });
      const parent = fn("test/parent", (ctx) => {
        ctx.send(fail, "itself");
        ctx.send(log.write, ctx.invoke(fail, "its input"), { id });
      });
      const { client, deadLetters } = await start([parent, fail, log]);
      await client.call(parent);
      const itself = {
        target: { type: "test/fail" },
        operation: "call",
        input: "itself",
        failure: { message: "itself" },
      };
      const itsInput = {
        target: { type: "test/log", id },
        operation: "write",
        failure: { message: "its input", function: "test/fail" },
      };
      // The messages have different targets, so an engine may handle them in any order.
      const sorted = async (): Promise<readonly DeadLetterReport[]> =>
        (await deadLetters()).toSorted((a, b) => (a.target.type < b.target.type ? -1 : 1));
      await time.eventually(async () => matches(await sorted(), [itself, itsInput]));
      equal(await client.call(log.read, undefined, { id }), []);
    },
  },
  {
    title: "dead letters are listed in the order in which their messages failed",
    needs: ["deadLetters", "promptOrder"],
    async run({ start, time }) {
      const fail = fn("test/fail", (_, why: string): string => {
        throw new Error(why);
      });
      const parent = fn("test/parent", (ctx) => {
        ctx.send(fail, "first");
        ctx.send(log.write, ctx.invoke(fail, "second"), { id });
      });
      const { client, deadLetters } = await start([parent, fail, log]);
      await client.call(parent);
      const failed = ["first", "second"].map((message) => ({ failure: { message } }));
      await time.eventually(async () => matches(await deadLetters(), failed));
    },
  },
];

const unknownEgress = fn("test/unknown-egress", (ctx) => ctx.egress("test/none", 1));
