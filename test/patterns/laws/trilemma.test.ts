import { fn } from "handback";
import type { Fn, Future } from "handback";
import { chain } from "handback/patterns";
import { expectNoDoubleBilling, mock, record, slow } from "handback/testing";
import { describe, expect, test } from "vitest";
import { measure } from "./compare.ts";
import { EVERY_PATTERN } from "./every-pattern.ts";

/** The innermost function of all leaves. Its log has their inputs. */
const stub = fn("trilemma/stub", (_, n: number) => (3 * n + 1) % 1009);

/** Leaves with the same behavior: each calls the stub once and returns its output. */
const LEAVES: readonly (readonly [name: string, leaf: Fn<number, number>])[] = [
  [
    "that hands a future back",
    fn("trilemma/leaf", { parts: [stub] }, (ctx, n: number) => ctx.invoke(stub, n)),
  ],
  [
    "that sleeps",
    fn("trilemma/leaf", { parts: [stub] }, (ctx, n: number): Future<number> =>
      ctx.invoke(stub, n, { after: [ctx.sleep(10 + (n % 7))] }),
    ),
  ],
  [
    "that blocks",
    fn("trilemma/leaf", { parts: [stub] }, async (ctx, n: number) => ctx.get(ctx.invoke(stub, n))),
  ],
  [
    "that is a chain",
    chain(
      "trilemma/leaf",
      (n: number) => n,
      stub,
      (n) => n,
    ),
  ],
];

describe.each(EVERY_PATTERN)("%s", (_, compose) => {
  const log = async (f: Fn<number, number>) => {
    const { ended, run } = await measure(f, 7, { functions: [record(stub)] });
    return {
      ended,
      inputs: run
        .calls(stub)
        .map(({ input }) => input as number)
        .toSorted((a, b) => a - b),
    };
  };

  test("treats its parts as black boxes: their structure changes nothing", async () => {
    const expected = await log(compose("trilemma/pattern", stub));
    expect(expected.inputs.length).toBeGreaterThan(0);
    for (const [, leaf] of LEAVES)
      expect(await log(compose("trilemma/pattern", leaf))).toEqual(expected);
  });

  test("is itself a function, which one with the same results can replace", async () => {
    const pattern = compose("trilemma/pattern", stub);
    const answers = new Map<number, number>();
    const host = chain(
      "trilemma/host",
      (n: number) => n + 1,
      pattern,
      (n) => n + 1,
    );
    const { ended } = await measure(host, 7);
    const alone = await measure(pattern, 8);
    if ("value" in alone.ended) answers.set(8, alone.ended.value as number);
    const substituted = await measure(host, 7, {
      functions: [mock(pattern, (_, n) => answers.get(n) ?? -1)],
    });
    expect(substituted.ended).toEqual(ended);
    expect(ended).toEqual({ value: (answers.get(8) ?? 0) + 1 });
  });

  test("can be a part of itself", async () => {
    const inner = compose("trilemma/inner", stub);
    const outer = compose("trilemma/outer", inner);
    const { ended, run } = await measure(outer, 7, { functions: [record(stub)] });
    const asLeaf = mock(inner, (ctx, n): Future<number> => ctx.invoke(answer, n));
    const answer = compose("trilemma/answer", stub);
    const again = await measure(outer, 7, { functions: [asLeaf, answer, record(stub)] });
    expect(again.ended).toEqual(ended);
    expect(again.run.calls(stub)).toHaveLength(run.calls(stub).length);
    expect("value" in ended).toBe(true);
  });

  test("bills no waiting, however deep it is nested", async () => {
    const nested = compose(
      "trilemma/outer",
      compose("trilemma/middle", compose("trilemma/inner", stub)),
    );
    const { run, beta, billedMs } = await measure(nested, 7, {
      functions: [slow(record(stub), 100)],
    });
    await expectNoDoubleBilling(run);
    expect(beta).toBe(1);
    expect(billedMs).toBe(100 * run.calls(stub).length);
  });
});
