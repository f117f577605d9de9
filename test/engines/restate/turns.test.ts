import fc from "fast-check";
import { expect, test } from "vitest";
import { Turns } from "../../../src/engines/restate/journal/turns.ts";

test("owners have their turns one at a time, in the order in which they ask, until all have had one", async () => {
  const action = fc.constantFrom("ask", "end", "end of another");
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
      const turns = new Turns<number>();
      const begun: number[] = [];
      const ended: number[] = [];
      let asked = 0;
      const ask = (owner: number): void =>
        void turns.take(owner).then(() => void begun.push(owner));
      const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
      const end = async (): Promise<void> => {
        const [current] = begun.slice(ended.length);
        if (current === undefined) return;
        turns.end(current);
        ended.push(current);
        await settled();
      };
      for (const each of actions) {
        if (each === "ask") ask(asked++);
        else if (each === "end") await end();
        else turns.end(begun.length + 1);
        await settled();
        expect(begun).toHaveLength(Math.min(asked, ended.length + 1));
      }
      while (ended.length < asked) await end();
      expect(begun).toEqual(Array.from({ length: asked }, (_, owner) => owner));
    }),
  );
});
