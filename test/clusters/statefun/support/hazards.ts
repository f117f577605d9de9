import { setTimeout } from "node:timers/promises";
import { SeededRandom } from "../../../../src/testing/simulation/faults/seeded-random.ts";
import type { Cluster } from "./cluster.ts";
import type { FunctionsServer } from "./functions-server.ts";
import type { Setting } from "./settings.ts";

/** The failures of a run. */
export interface HazardCounts {
  readonly requests: number;
  readonly lost: number;
  readonly failures: number;
  readonly kills: number;
}

type Handle = (request: Uint8Array) => Promise<Uint8Array>;

const PARTS = ["functions", "source", "sink"] as const;
/** Time between two looks at a job that starts again. */
const LOOK_MS = 100;
/** Time for which the functions' server is down. */
const DOWN_MS = 300;

/** Causes the failures of a setting. */
export class Hazards {
  readonly #setting: Setting;
  readonly #random: SeededRandom;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>[] = [];
  #requests = 0;
  #lost = 0;
  #failures = 0;
  #kills = 0;

  constructor(setting: Setting) {
    this.#setting = setting;
    this.#random = new SeededRandom(setting.seed);
  }

  get counts(): HazardCounts {
    return {
      requests: this.#requests,
      lost: this.#lost,
      failures: this.#failures,
      kills: this.#kills,
    };
  }

  /** Returns functions some of whose answers are lost after their work is done. */
  losing(handle: Handle): Handle {
    return async (request) => {
      this.#requests++;
      const answer = await handle(request);
      if (!this.#random.chance(this.#setting.lost ?? 0)) return answer;
      this.#lost++;
      throw new Error("this answer is lost");
    };
  }

  /** Begins to let tasks fail and to kill. */
  start(cluster: Cluster, server: FunctionsServer): void {
    const { failEveryMs, killEveryMs } = this.#setting;
    if (failEveryMs !== undefined) this.#every(failEveryMs, () => this.#fail(cluster));
    if (killEveryMs !== undefined)
      this.#every(killEveryMs, () =>
        this.#kills++ % 2 === 0 ? cluster.restart() : server.crash(DOWN_MS),
      );
  }

  /** Stops, once what has failed is up again. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#running);
  }

  /** Lets a task fail, and waits until the job runs again: it needs longer on a busy machine. */
  async #fail(cluster: Cluster): Promise<void> {
    const before = await cluster.starts();
    this.#failures++;
    await cluster.fail(PARTS[this.#random.below(PARTS.length)] ?? "functions");
    const { signal } = this.#stopping;
    while ((await cluster.starts()) === before && (await isAfter(LOOK_MS, signal)));
  }

  #every(ms: number, happens: () => Promise<void>): void {
    this.#running.push(this.#repeat(ms, happens));
  }

  async #repeat(ms: number, happens: () => Promise<void>): Promise<void> {
    const { signal } = this.#stopping;
    while (await isAfter(ms, signal)) await happens();
  }
}

/** Waits, and tells whether the signal was not aborted meanwhile. */
async function isAfter(ms: number, signal: AbortSignal): Promise<boolean> {
  await setTimeout(ms, undefined, { signal }).catch(() => undefined);
  return !signal.aborted;
}
