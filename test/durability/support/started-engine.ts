import { embedded, memory, stateful, value } from "handback";
import type { Embedded, EmbeddedOptions } from "handback";
import { onTestFinished } from "vitest";
import { VirtualClock } from "../../../src/testing/simulation/machine/virtual-clock.ts";

/** A state that holds lines. */
export const journal = () =>
  stateful("test/journal", {
    state: { lines: value<string[]>([]) },
    handlers: {
      write(ctx, line: string) {
        ctx.state.lines.push(line);
        return ctx.state.lines.length;
      },
    },
  });

/** An engine and its clock. */
export interface Bench {
  readonly engine: Embedded;
  readonly clock: VirtualClock;
}

/**
 * Starts an engine that is closed after the test; by default on a new memory store and a new clock.
 */
export async function start(
  options: Omit<EmbeddedOptions, "store"> & Partial<EmbeddedOptions>,
  clock = new VirtualClock(),
): Promise<Bench> {
  const engine = await embedded({ store: memory(), clock, ...options });
  onTestFinished(() => clock.until(engine.close()));
  return { engine, clock };
}

/** Work that ends when the test says so. */
export function deferredWork() {
  const running: { readonly name: string; readonly end: () => void }[] = [];
  const started: string[] = [];
  const work = (name: string): Promise<string> => {
    started.push(name);
    return new Promise((resolve) => running.push({ name, end: () => resolve(name) }));
  };
  const end = (name: string): void => {
    const at = running.findIndex((each) => each.name === name);
    running.splice(at, 1)[0]?.end();
  };
  return { work, started, end, running: () => running.map(({ name }) => name) };
}
