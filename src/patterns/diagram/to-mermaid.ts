import { HandbackError } from "../../core/errors/errors.ts";
import { show } from "../../core/errors/show.ts";
import type { AnyInvokable } from "../../futures/types/function.ts";
import type { FlowWaits } from "../../futures/flow/wait-graph.ts";
import { isInvokable } from "../../futures/define/is-invokable.ts";
import { drawShape } from "./draw-shape.ts";
import { drawWaits } from "./draw-waits.ts";
import { Flowchart } from "./mermaid-text.ts";
import { shapeOf } from "./shape.ts";

/**
 * Draws the parts of a function, or the waiting work of a flow, as the text of a Mermaid flowchart.
 *
 * Each pattern is a box with its parts. Any other function is one node, because its handler decides
 * at run time which calls it makes. Solid arrows lead from the input to the result. Dotted arrows
 * are side paths.
 *
 * For the result of `client.waits`, each arrow leads from a waiting node to the node it waits for:
 * from the flow down to the work that runs, is queued, or waits for a time or an outside input.
 *
 * @throws `INVALID_OPTIONS`
 * @example
 * import { embedded, fn, memory } from "handback";
 * import { chain, retry, toMermaid } from "handback/patterns";
 *
 * const ask = fn("docs/ask", (ctx, _question: string) => ctx.promise<string>());
 * const thank = fn("docs/thank", (_, answer: string) => `thanks for ${answer}`);
 * const poll = chain("docs/poll", retry("docs/ask-again", ask), thank);
 * console.log(toMermaid(poll)); // flowchart LR ...
 *
 * const engine = await embedded({ functions: [poll], store: memory() });
 * const flow = await engine.client.start(poll, "why?", { id: "poll-1" });
 * console.log(toMermaid(await engine.client.waits(flow))); // flowchart TD ...
 * await engine.close();
 */
export function toMermaid(drawn: AnyInvokable | FlowWaits): string {
  if (isInvokable(drawn)) {
    const chart = new Flowchart("LR");
    drawShape(chart, shapeOf(drawn));
    return chart.toString();
  }
  if (typeof drawn !== "object" || drawn === null || !("waits" in drawn))
    throw new HandbackError(
      "INVALID_OPTIONS",
      `toMermaid: expected a function or the result of client.waits(), got ${show(drawn)}`,
    );
  const chart = new Flowchart("TD");
  drawWaits(chart, drawn);
  return chart.toString();
}
