import type { WriteStream } from "node:tty";
import { SingleBar } from "cli-progress";
import type { Embedded, FlowHandle } from "../src/index.ts";
import { copy, verify } from "./workflow.ts";
import type { Plan } from "./workflow.ts";

const INTERVAL_MS = 100;
const NAME_WIDTH = "naive: verifying".length;

/** Where a flow stands, for the bar. */
interface Stage {
  readonly name: string;
  readonly done: number;
  readonly total: number;
}

/** Follows a flow, of which `copied` copies were begun by earlier processes, until what it gives is called. */
export type Follow = (flow: FlowHandle<unknown>, copied: number) => () => void;

/** Draws a bar that follows one flow after another, where there is a terminal to draw it on. */
export class Progress {
  readonly #meter: Embedded["meter"];
  readonly #terminal: WriteStream | undefined;

  constructor(meter: Embedded["meter"], stream: WriteStream) {
    this.#meter = meter;
    this.#terminal = stream.isTTY ? stream : undefined;
  }

  /** Gives what draws a flow's progress, under names that begin with `prefix`. */
  of(prefix: string): Follow {
    return (flow, copied) => this.#follow(prefix, flow, copied);
  }

  #follow(prefix: string, flow: FlowHandle<unknown>, copied: number): () => void {
    if (this.#terminal === undefined) return () => undefined;
    const before = { copied: this.#runs(copy.type) - copied, verified: this.#runs(verify.type) };
    const bar = new SingleBar({
      stream: this.#terminal,
      format: "{name} {bar} {count}  {duration_formatted}",
      barsize: 32,
      barCompleteChar: "█",
      barIncompleteChar: "░",
      clearOnComplete: true,
      hideCursor: true,
      gracefulExit: false,
    });
    bar.start(1, 0, { name: `${prefix}listing`.padEnd(NAME_WIDTH), count: "" });
    const update = async (): Promise<void> => {
      const { custom } = await flow.status();
      if (!isPlan(custom)) return;
      const stage = stageOf(custom, {
        copied: this.#runs(copy.type) - before.copied,
        verified: this.#runs(verify.type) - before.verified,
      });
      bar.setTotal(stage.total);
      bar.update(stage.done, {
        name: (prefix + stage.name).padEnd(NAME_WIDTH),
        count: `${stage.done.toLocaleString("en")} of ${stage.total.toLocaleString("en")}`,
      });
    };
    // When the engine is stopped under it, the bar stays as it is.
    const timer = setInterval(() => void update().catch(() => undefined), INTERVAL_MS);
    return () => {
      clearInterval(timer);
      bar.stop();
    };
  }

  #runs(type: string): number {
    return this.#meter.function(type).runs;
  }
}

function isPlan(status: unknown): status is Plan {
  return typeof status === "object" && status !== null && "copies" in status && "checks" in status;
}

function stageOf(
  { copies, checks }: Plan,
  { copied, verified }: { copied: number; verified: number },
): Stage {
  // Copies that were begun and not finished when a process died are run again: they count once here.
  if (verified === 0) return { name: "copying", done: Math.min(copied, copies), total: copies };
  return { name: "verifying", done: Math.min(verified, checks), total: checks };
}
