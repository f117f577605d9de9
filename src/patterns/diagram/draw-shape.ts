import type { Flowchart, NodeId } from "./mermaid-text.ts";
import type { CompensatedShape, Shape } from "./shape.ts";

/** The node where a drawn part starts, and the nodes where it ends. */
interface Drawn {
  readonly entry: NodeId;
  readonly exits: readonly NodeId[];
}

type ShapeOf<Kind extends Shape["kind"]> = Extract<Shape, { readonly kind: Kind }>;

/** Draws a shape from its input to its result. */
export function drawShape(chart: Flowchart, shape: Shape): void {
  const input = chart.node("input", "pill");
  const { entry, exits } = draw(chart, shape);
  chart.arrow(input, entry);
  const result = chart.node("result", "pill");
  lead(chart, exits, result);
}

function draw(chart: Flowchart, shape: Shape): Drawn {
  switch (shape.kind) {
    case "function":
      return alone(chart.node(shape.name));
    case "mapping":
      return alone(chart.node("a mapping", "round"));
    case "egress":
      return alone(chart.node(`egress ${shape.name}`, "flag"));
    case "parallel":
    case "tap":
      return drawAll(chart, shape);
    case "keep":
      return drawKeep(chart, shape);
    case "choose":
      return drawChoice(chart, shape);
    case "chain":
      return chart.group(`chain ${shape.name}`, () => drawSteps(chart, shape.steps));
    case "saga":
      return chart.group(`saga ${shape.name}`, () => drawSaga(chart, shape.steps));
    case "fan-out":
      return chart.group(titled("fan-out", shape.name, shape.policy), () =>
        drawFanOut(chart, shape),
      );
    case "retry":
      return chart.group(`retry ${shape.name}, ${shape.attempts} attempts`, () =>
        drawAgain(chart, shape.part, "failed"),
      );
    case "repeat":
      return chart.group(titled("repeat", shape.name, shape.end), () =>
        drawAgain(chart, shape.part, shape.pause === "" ? "again" : `again after ${shape.pause}`),
      );
    case "timeout":
      return chart.group(`timeout ${shape.name}, ${shape.time} at most`, () =>
        drawTimeout(chart, shape),
      );
    case "monitor":
      return chart.group(`monitor ${shape.name}`, () => drawMonitor(chart, shape));
    case "aggregator":
      return chart.group(`aggregator ${shape.name}`, () => drawAggregator(chart, shape));
    case "approval":
      return chart.group(`approval ${shape.name}`, () => drawApproval(chart, shape));
  }
}

function drawSteps(chart: Flowchart, steps: readonly Shape[]): Drawn {
  const [first, ...rest] = steps.map((step) => draw(chart, step));
  if (first === undefined) return alone(chart.node("nothing"));
  let { exits } = first;
  for (const next of rest) {
    lead(chart, exits, next.entry);
    exits = next.exits;
  }
  return { entry: first.entry, exits };
}

function drawAll(chart: Flowchart, { kind, parts }: ShapeOf<"parallel" | "tap">): Drawn {
  const entry = chart.node(kind, "fork");
  const all = chart.node(kind === "tap" ? "all done: the value goes on" : "all", "fork");
  for (const part of parts.map((each) => draw(chart, each))) {
    chart.arrow(entry, part.entry);
    lead(chart, part.exits, all);
  }
  if (kind === "tap" || parts.length === 0)
    chart.arrow(entry, all, { label: "the value", dotted: true });
  return { entry, exits: [all] };
}

function drawKeep(chart: Flowchart, { part }: ShapeOf<"keep">): Drawn {
  const entry = chart.node("keep", "fork");
  const both = chart.node("both", "fork");
  const { entry: begin, exits } = draw(chart, part);
  chart.arrow(entry, begin);
  lead(chart, exits, both);
  chart.arrow(entry, both, { label: "the value", dotted: true });
  return { entry, exits: [both] };
}

function drawChoice(chart: Flowchart, { cases }: ShapeOf<"choose">): Drawn {
  const entry = chart.node("choose", "choice");
  const exits = cases.flatMap(({ name, part }) => {
    const drawn = draw(chart, part);
    chart.arrow(entry, drawn.entry, { label: name });
    return drawn.exits;
  });
  return { entry, exits };
}

/** Draws the compensations below their steps. The last one is called first. */
function drawSaga(chart: Flowchart, steps: readonly CompensatedShape[]): Drawn {
  const way = steps.map((step) => ({ step, drawn: draw(chart, step.do) }));
  let before: Drawn | undefined;
  let above: Drawn | undefined;
  for (const { step, drawn } of way) {
    lead(chart, before?.exits ?? [], drawn.entry);
    before = drawn;
    if (step.ifUnsure !== undefined)
      lead(chart, drawn.exits, draw(chart, step.ifUnsure).entry, "if unsure");
    if (step.undo === undefined) continue;
    const undo = draw(chart, step.undo);
    lead(chart, drawn.exits, undo.entry, "undo");
    if (above !== undefined) lead(chart, undo.exits, above.entry, "then");
    above = undo;
  }
  const [first] = way;
  if (first === undefined || before === undefined) return alone(chart.node("nothing"));
  return { entry: first.drawn.entry, exits: before.exits };
}

function drawFanOut(chart: Flowchart, { split, each, join, limit }: ShapeOf<"fan-out">): Drawn {
  const splits = split === undefined ? alone(chart.node("items", "fork")) : draw(chart, split);
  const branch = draw(chart, each);
  const joins =
    join === undefined ? alone(chart.node("results in order", "fork")) : draw(chart, join);
  for (const exit of splits.exits) chart.arrow(exit, branch.entry, { label: limit });
  for (const exit of branch.exits) chart.arrow(exit, joins.entry, { label: "join" });
  return { entry: splits.entry, exits: joins.exits };
}

/** Draws a part that may be called again. */
function drawAgain(chart: Flowchart, part: Shape, why: string): Drawn {
  const drawn = draw(chart, part);
  lead(chart, drawn.exits, drawn.entry, why);
  return drawn;
}

function drawTimeout(chart: Flowchart, { part, time, onTimeout }: ShapeOf<"timeout">): Drawn {
  const entry = chart.node("the first of", "fork");
  const clock = chart.node(`after ${time}`, "round");
  const drawn = draw(chart, part);
  chart.arrow(entry, drawn.entry);
  chart.arrow(entry, clock);
  const late =
    onTimeout === undefined ? alone(chart.node("TIMEOUT", "flag")) : draw(chart, onTimeout);
  chart.arrow(clock, late.entry, { dotted: true });
  return { entry, exits: onTimeout === undefined ? drawn.exits : [...drawn.exits, ...late.exits] };
}

function drawMonitor(
  chart: Flowchart,
  { check, delay, expires, onDeadline }: ShapeOf<"monitor">,
): Drawn {
  const look = draw(chart, check);
  const until = chart.node("done?", "choice");
  lead(chart, look.exits, until);
  chart.arrow(until, look.entry, { label: `not yet: again after ${delay}`, dotted: true });
  if (onDeadline === undefined) {
    if (expires === "") return { entry: look.entry, exits: [until] };
    const expired = chart.node("expired", "round");
    chart.arrow(until, expired, { label: expires, dotted: true });
    return { entry: look.entry, exits: [until, expired] };
  }
  const end = draw(chart, onDeadline);
  chart.arrow(until, end.entry, { label: expires, dotted: true });
  return { entry: look.entry, exits: [until, ...end.exits] };
}

function drawAggregator(chart: Flowchart, { flush, bounds, onLate }: ShapeOf<"aggregator">): Drawn {
  const add = chart.node("add");
  const gathered = chart.node("events of one key", "store");
  chart.arrow(add, gathered);
  chart.arrow(gathered, draw(chart, flush).entry, { label: bounds, dotted: true });
  if (onLate !== undefined)
    chart.arrow(add, draw(chart, onLate).entry, { label: "late", dotted: true });
  return alone(add);
}

function drawApproval(
  chart: Flowchart,
  { ask, quorum, again, expires, onTimeout, audit }: ShapeOf<"approval">,
): Drawn {
  const tell = draw(chart, ask);
  const ballot = chart.node(`people decide: ${quorum}`, "choice");
  lead(chart, tell.exits, ballot);
  if (again !== "") chart.arrow(ballot, tell.entry, { label: again, dotted: true });
  if (audit !== undefined)
    chart.arrow(ballot, draw(chart, audit).entry, { label: "audit", dotted: true });
  if (onTimeout === undefined) {
    if (expires === "") return { entry: tell.entry, exits: [ballot] };
    const expired = chart.node("expired", "round");
    chart.arrow(ballot, expired, { label: expires, dotted: true });
    return { entry: tell.entry, exits: [ballot, expired] };
  }
  const end = draw(chart, onTimeout);
  chart.arrow(ballot, end.entry, { label: expires, dotted: true });
  return { entry: tell.entry, exits: [ballot, ...end.exits] };
}

/** Draws arrows to the next node. Arrows with a label are side paths, so they are dotted. */
function lead(chart: Flowchart, exits: readonly NodeId[], to: NodeId, label?: string): void {
  for (const exit of exits)
    chart.arrow(exit, to, label === undefined ? {} : { label, dotted: true });
}

function alone(node: NodeId): Drawn {
  return { entry: node, exits: [node] };
}

function titled(pattern: string, name: string, about: string): string {
  return about === "" ? `${pattern} ${name}` : `${pattern} ${name}, ${about}`;
}
