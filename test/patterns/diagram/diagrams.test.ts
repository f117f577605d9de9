import fc from "fast-check";
import { fn, stateful, value } from "handback";
import type { FlowWaits, Fn, Invokable } from "handback";
import {
  aggregator,
  approval,
  chain,
  choose,
  fanOut,
  keep,
  monitor,
  parallel,
  repeat,
  retry,
  saga,
  tap,
  toMermaid,
  withTimeout,
} from "handback/patterns";
import { simulate } from "handback/testing";
import { describe, expect, test } from "vitest";
import { drawShape } from "../../../src/patterns/diagram/draw-shape.ts";
import { Flowchart, escapeLabel } from "../../../src/patterns/diagram/mermaid-text.ts";
import type { Shape } from "../../../src/patterns/diagram/shape.ts";
import { onPoorestLosing } from "../../conformance/host.ts";
import { decode, readFlowchart } from "../../support/flowchart.ts";
import { EVERY_PATTERN } from "../laws/every-pattern.ts";

const f = fn("draw/f", (_, n: number) => n);
const g = fn("draw/g", (_, n: number) => n);
const undo = fn("draw/undo", (_, _n: unknown) => undefined);

/** The arrows of a diagram in words. */
function drawn(text: string): readonly string[] {
  const { nodes, arrows } = readFlowchart(text);
  return arrows.map(
    ({ from, to, label = "", dotted }) =>
      `${nodes.get(from)} ${dotted ? "..." : "---"}${label}> ${nodes.get(to)}`,
  );
}

describe("the diagram of a function", () => {
  test("is one node for a function that no pattern made", () => {
    const counter = stateful("draw/counter", {
      state: { n: value(0) },
      handlers: { add: (ctx, n: number) => (ctx.state.n += n) },
    });
    expect(drawn(toMermaid(f))).toEqual(["input ---> draw/f", "draw/f ---> result"]);
    expect(drawn(toMermaid(counter.add))).toEqual([
      "input ---> draw/counter.add",
      "draw/counter.add ---> result",
    ]);
  });

  test("shows the steps of a chain in order", () => {
    expect(drawn(toMermaid(chain("draw/chain", f, (n) => n + 1, g)))).toEqual([
      "draw/f ---> a mapping",
      "a mapping ---> draw/g",
      "input ---> draw/f",
      "draw/g ---> result",
    ]);
  });

  test.each<readonly [string, Invokable<never, unknown>, readonly string[]]>([
    [
      "parallel",
      chain("draw/p", parallel(f, g)),
      ["parallel ---> draw/f", "draw/f ---> all", "parallel ---> draw/g", "draw/g ---> all"],
    ],
    [
      "keep",
      chain("draw/k", keep(f)),
      ["keep ---> draw/f", "draw/f ---> both", "keep ...the value> both"],
    ],
    [
      "tap",
      chain("draw/t", tap(f)),
      ["tap ---> draw/f", "tap ...the value> all done: the value goes on"],
    ],
    [
      "choose",
      chain(
        "draw/o",
        choose({ small: f, large: g }, () => "small"),
      ),
      ["choose ---small> draw/f", "choose ---large> draw/g"],
    ],
    [
      "a fan-out",
      fanOut("draw/fan", {
        split: (n: number) => [n],
        each: f,
        join: (all) => all.length,
        concurrency: 3,
      }),
      ["a mapping ---each item, 3 at a time> draw/f", "draw/f ---join> a mapping"],
    ],
    [
      "a fan-out without split and join",
      fanOut("draw/fan2", { each: f }),
      ["items ---each item> draw/f", "draw/f ---join> results in order"],
    ],
    ["a retry", retry("draw/r", f), ["draw/f ...failed> draw/f"]],
    [
      "a repetition",
      repeat("draw/rep", f, { times: 3, pause: "1s" }),
      ["draw/f ...again after 1s> draw/f"],
    ],
    [
      "a timeout",
      withTimeout("draw/w", f, "5s"),
      ["the first of ---> draw/f", "after 5s ...> TIMEOUT"],
    ],
    [
      "a timeout with another function",
      withTimeout("draw/w2", f, "5s", { onTimeout: g }),
      ["after 5s ...> draw/g", "draw/g ---> result"],
    ],
    [
      "a saga",
      saga("draw/s", { do: f, undo, ifUnsure: undo }, { do: g, undo }, f),
      [
        "draw/f ---> draw/g",
        "draw/f ...undo> draw/undo",
        "draw/f ...if unsure> draw/undo",
        "draw/undo ...then> draw/undo",
      ],
    ],
    [
      "a monitor",
      monitor("draw/m", { check: f, until: () => true, every: "30s", attempts: 3, onDeadline: g }),
      ["done? ...not yet: again after 30s> draw/f", "done? ...after 3 checks> draw/g"],
    ],
    [
      "a monitor with a backoff",
      monitor("draw/m2", {
        check: f,
        until: () => true,
        every: "10s",
        backoff: 2,
        maxDelay: "1m",
        deadline: () => 0,
        attempts: 9,
      }),
      [
        "done? ...not yet: again after 10s, then longer, up to 1m> draw/f",
        "done? ...deadline, or after 9 checks> expired",
      ],
    ],
    [
      "an aggregator",
      aggregator<number>("draw/a", {
        flush: undo,
        maxWait: "10s",
        timeOf: (at) => at,
        onLate: "draw/late",
      }),
      ["events of one key ...1000 events, or 10s old> draw/undo", "add ...late> egress draw/late"],
    ],
    [
      "an approval",
      approval("draw/ok", {
        ask: undo,
        quorum: 2,
        remind: { every: "1h" },
        timeout: "72h",
        onTimeout: undo,
        audit: "draw/audit",
      }),
      [
        "draw/undo ---> people decide: quorum 2",
        "people decide: quorum 2 ...reminder> draw/undo",
        "people decide: quorum 2 ...after 72h> draw/undo",
        "people decide: quorum 2 ...audit> egress draw/audit",
      ],
    ],
  ])("shows %s", (_, made, expected) => {
    expect(drawn(toMermaid(made))).toEqual(expect.arrayContaining([...expected]));
  });

  test("names the pattern of each box", () => {
    const { groups } = readFlowchart(
      toMermaid(withTimeout("draw/in-time", retry("draw/r", f), "5s")),
    );
    expect([...groups.values()]).toContainEqual([
      "timeout draw/in-time, 5s at most",
      "retry draw/r, 3 attempts",
    ]);
  });

  test("draws nested patterns as nested boxes, also for a default operation", () => {
    const batch = aggregator<number>("draw/inner", { flush: undo });
    const { groups, nodes } = readFlowchart(
      toMermaid(chain("draw/outer", retry("draw/again", chain("draw/middle", f)), batch.add)),
    );
    const boxes = (name: string): unknown =>
      groups.get([...nodes].find(([, label]) => label === name)?.[0] ?? "");
    expect(boxes("draw/f")).toEqual([
      "chain draw/outer",
      "retry draw/again, 3 attempts",
      "chain draw/middle",
    ]);
    expect(boxes("add")).toEqual(["chain draw/outer", "aggregator draw/inner"]);
  });

  test.each(EVERY_PATTERN)(
    "leads from the input through the parts to the result: %s",
    (_, compose) => {
      const { nodes, arrows } = readFlowchart(toMermaid(compose("draw/composed", f)));
      const reached = reachable(
        "n0",
        arrows.map(({ from, to }) => [from, to]),
      );
      expect(Array.from(reached, (id) => nodes.get(id))).toEqual(
        expect.arrayContaining(["draw/f", "result"]),
      );
      expect(reached.size).toBe(nodes.size);
    },
  );

  test("is rejected for a value that is not a function", () => {
    for (const wrong of [undefined, null, "draw/f", {}, () => 1])
      expect(() => toMermaid(wrong as never)).toThrow(
        expect.objectContaining({ code: "INVALID_OPTIONS" }),
      );
  });
});

/** Any text, often with a meaning in Mermaid, Markdown or HTML. */
const anyText = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom(...Array.from(`"'\`#;&<>[](){}|%-=.*_~:/\\\n\t1 ae`)) }),
  fc.constantFrom(
    "end",
    "1. one",
    "- one",
    "a direction LR",
    "fa:fa-car",
    "%% no",
    "`md`",
    "https://a.b",
    "a\nend\nb",
    "#35;",
    "&quot;",
    "</script>",
    "\uD800",
    "",
  ),
);

const { shape: anyShape } = fc.letrec<{ shape: Shape }>((tie) => {
  const part = tie("shape");
  const parts = fc.array(part, { maxLength: 3 });
  const optional = fc.option(part, { nil: undefined });
  const drop = (fields: object): Shape => JSON.parse(JSON.stringify(fields)) as Shape;
  const record = (
    kind: string,
    fields: Record<string, fc.Arbitrary<unknown>>,
  ): fc.Arbitrary<Shape> => fc.record({ kind: fc.constant(kind), ...fields }).map(drop);
  const name = anyText;
  return {
    shape: fc.oneof(
      { maxDepth: 3, depthSize: "small" },
      record("function", { name }),
      record("mapping", {}),
      record("egress", { name }),
      record("parallel", { parts }),
      record("tap", { parts }),
      record("keep", { part }),
      record("choose", {
        cases: fc.array(fc.record({ name, part }), { minLength: 1, maxLength: 3 }),
      }),
      record("chain", { name, steps: parts }),
      record("saga", {
        name,
        steps: fc.array(fc.record({ do: part, undo: optional, ifUnsure: optional }), {
          maxLength: 3,
        }),
      }),
      record("fan-out", {
        name,
        split: optional,
        each: part,
        join: optional,
        limit: name,
        policy: name,
      }),
      record("retry", { name, part, attempts: fc.nat() }),
      record("repeat", { name, part, end: name, pause: name }),
      record("timeout", { name, part, time: name, onTimeout: optional }),
      record("monitor", { name, check: part, pause: name, expires: name, onDeadline: optional }),
      record("aggregator", { name, flush: part, bounds: name, onLate: optional }),
      record("approval", {
        name,
        ask: part,
        quorum: name,
        again: name,
        expires: name,
        onTimeout: optional,
        audit: optional,
      }),
    ),
  };
});

describe("labels", () => {
  test("show any name on one line", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const plain = text
          .toWellFormed()
          .replaceAll(/[\s\p{C}]+/gu, " ")
          .trim();
        const [said, short] = [decode(escapeLabel(text)), Array.from(plain).slice(0, 79).join("")];
        expect(said === (plain || "(empty)") || said === `${short}…`).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test("of any shape give a valid diagram without lost parts", () => {
    fc.assert(
      fc.property(anyShape, (shape) => {
        const chart = new Flowchart("LR");
        drawShape(chart, shape);
        const { nodes, arrows } = readFlowchart(chart.toString());
        expect(
          reachable(
            "n0",
            arrows.map(({ from, to }) => [from, to]),
          ).size,
        ).toBe(nodes.size);
      }),
      { numRuns: 500 },
    );
  });
});

/** All nodes that the arrows reach, the first included. */
function reachable(
  from: string,
  arrows: readonly (readonly [string, string])[],
): ReadonlySet<string> {
  const reached = new Set([from]);
  for (let size = 0; size < reached.size;) {
    size = reached.size;
    for (const [one, other] of arrows) if (reached.has(one)) reached.add(other);
  }
  return reached;
}

const answer = fn("draw/answer", (ctx, _: number) => ctx.promise<number>());

/** Starts a flow, lets it come to rest, and returns its waiting work. */
async function waitsOf(
  made: Fn<number, unknown>,
  others: readonly object[] = [],
): Promise<FlowWaits> {
  const run = await simulate({ functions: [made, ...others] }, async (t) => {
    await t.client.start(made, 1, { id: "live" });
    await t.advance("1s");
    const waits = await t.client.waits("live");
    await t.client.cancel("live");
    await t.idle();
    return waits;
  });
  return run.result;
}

describe("the diagram of a flow", () => {
  test.each(EVERY_PATTERN)(
    "leads from the flow to the promise it waits for: %s",
    async (_, compose) => {
      const { nodes, waits } = await waitsOf(compose("draw/live", answer));
      const reached = reachable(
        nodes[0]?.id ?? "",
        waits.map(({ waiter, on }) => [waiter, on]),
      );
      expect(nodes.filter(({ id }) => !reached.has(id))).toEqual([]);
      expect(nodes.map(({ kind }) => kind)).toContain("promise");
    },
  );

  test("names the next functions, sleeps, events, promises and joins", async () => {
    const nap = fn("draw/nap", (ctx, n: number) => ctx.invoke(f, n, { after: [ctx.sleep("1h")] }));
    const hear = fn("draw/hear", (ctx, _: number) =>
      ctx.timeout(ctx.event<number>('go "on"'), "2h"),
    );
    const some = fn("draw/some", (ctx, n: number) =>
      ctx.wait([ctx.invoke(answer, n), ctx.invoke(nap, n)], { count: 1, timeout: "3h" }),
    );
    const live = chain("draw/live", parallel(nap, hear, some), ([n]) => n, g);
    const text = toMermaid(await waitsOf(live, [f, answer, nap]));
    expect(
      [...readFlowchart(text).nodes.values()].map((label) =>
        label.replace(/next-\w+/, "next").replace(/\d{4}-.*/, "then"),
      ),
    ).toEqual(
      expect.arrayContaining([
        "flow live (draw/live, pending)",
        "draw/live.next (waits)",
        "draw/f (waits)",
        "all of",
        "the first of",
        "some of",
        "sleeps until then",
        'event go "on"',
        "a promise",
      ]),
    );
    const { nodes, arrows } = readFlowchart(text);
    expect(
      reachable(
        "n0",
        arrows.map(({ from, to }) => [from, to]),
      ).size,
    ).toBeGreaterThanOrEqual(nodes.size - 2);
  });

  test("is the same after a crash", async () => {
    const live = chain("draw/live", parallel(answer, answer), ([n]) => n, g);
    const run = await simulate({ functions: [live] }, async (t) => {
      await t.client.start(live, 1, { id: "live" });
      await t.advance("1s");
      const before = await t.client.waits("live");
      await t.crash();
      await t.advance("1s");
      const after = await t.client.waits("live");
      await t.client.cancel("live");
      return [before, after];
    });
    expect(run.result[1]).toEqual(run.result[0]);
  });

  test("limits a wide flow and counts the rest", async () => {
    const nap = fn("draw/nap", (ctx, n: number) => ctx.invoke(f, n, { after: [ctx.sleep("1h")] }));
    const wide = fanOut("draw/wide", {
      split: (n: number) => Array.from({ length: 50 * n }, () => n),
      each: nap,
    });
    const run = await simulate({ functions: [wide, f] }, async (t) => {
      await t.client.start(wide, 1, { id: "wide" });
      await t.advance("1s");
      const waits = await t.client.waits("wide", { limit: 10 });
      await t.client.cancel("wide");
      return waits;
    });
    expect(run.result.nodes.filter(({ kind }) => kind === "timer")).toHaveLength(10);
    expect(run.result.left).toBe(40);
    expect(toMermaid(run.result)).toContain("and 40 more");
  });

  test("is a single node once the flow has ended", async () => {
    const run = await simulate({ functions: [f] }, async (t) => {
      await t.client.call(f, 1, { id: "over" });
      return t.client.waits("over");
    });
    expect(toMermaid(run.result)).toBe('flowchart TD\n  n0(["flow over (draw/f, completed)"])\n');
  });

  test("is rejected for an unknown flow, wrong options, or an unreadable engine", async () => {
    await simulate({ functions: [f] }, async (t) => {
      await expect(t.client.waits("none")).rejects.toMatchObject({ code: "NOT_FOUND" });
      await t.client.call(f, 1, { id: "some" });
      await expect(t.client.waits("some", { limit: 0 })).rejects.toMatchObject({
        code: "INVALID_OPTIONS",
      });
    });
    const poorest = await onPoorestLosing(0).start([f], {}, 1);
    await expect(poorest.client.waits("some")).rejects.toMatchObject({ code: "UNSUPPORTED" });
    await poorest.close();
  });
});

test.each([
  ["flowchart XX\n", "expected a first line"],
  ["flowchart LR\n  n0[a]\n", "expected a node"],
  ['flowchart LR\n  n0["a"b"]\n', "expected a node"],
  ['flowchart LR\n  n0["a direction TD"]\n', "expected nothing that has a meaning of its own"],
  ["flowchart LR\n  n0 --> n1\n", "n0 is used before it is given"],
  ['flowchart LR\n  n0["a"]\n  n0["b"]\n', "n0 is given twice"],
  ['flowchart LR\n  subgraph n0["a"]\n', "the box a is not closed"],
  ["flowchart LR\n  end\n", "a box is closed that is not open"],
])("the diagram reader rejects %j", (text, why) => {
  expect(() => readFlowchart(text)).toThrow(why);
});
