import { setTimeout } from "node:timers/promises";
import { SeededRandom } from "handback/testing";
import { LedgerCallers } from "./ledger-callers.ts";
import { LedgerProgram } from "./ledger-program.ts";
import { JOURNAL_MISMATCH, RestateServer } from "./restate-server.ts";

/** The counts of a kill loop. */
export interface KillCounts {
  readonly minutes: number;
  readonly kills: Readonly<Record<Victim, number>>;
  readonly flows: number;
  readonly repeatedRuns: number;
  readonly longestGapMs: number;
}

/** The processes that a kill ends. */
export type Victim = "program" | "server" | "both";

const VICTIMS: readonly Victim[] = ["program", "server", "both"];
/** Flows that end between two kills, and the longest time for them, in ms. */
const [PROGRESS, STALLED_MS] = [12, 120_000];
/** Every so many kills, one comes without progress since the one before. */
const HASTY_EVERY = 4;
/** Longest pause before a kill, in ms. */
const PAUSE_MS = 400;
const POLL_MS = 20;

/**
 * Kills the program, the server, and both, in turn, while callers start flows of the ledger, as long as
 * `goesOn` says so.
 */
export class KillLoop {
  readonly server: RestateServer;
  readonly callers: LedgerCallers;
  readonly #program: LedgerProgram;
  readonly #random = new SeededRandom(1);
  readonly #begunAt = performance.now();
  readonly #kills: Record<Victim, number> = { program: 0, server: 0, both: 0 };

  private constructor(server: RestateServer, program: LedgerProgram) {
    this.server = server;
    this.#program = program;
    this.callers = new LedgerCallers([server.ingress]);
  }

  /** Starts a server with the settings, and the program of the ledger. */
  static async start(settings: Readonly<Record<string, string>>): Promise<KillLoop> {
    const server = await RestateServer.start(settings);
    const program = await LedgerProgram.start(server.ingress);
    await deployed(server, program);
    return new KillLoop(server, program);
  }

  get counts(): KillCounts {
    const { flows, longestGapMs } = this.callers;
    const minutes = (performance.now() - this.#begunAt) / 60_000;
    const { repeatedRuns } = this.#program;
    return { minutes, kills: { ...this.#kills }, flows, repeatedRuns, longestGapMs };
  }

  /** Number of kills. */
  get kills(): number {
    return Object.values(this.#kills).reduce((sum, kills) => sum + kills);
  }

  /** Returns the logs of the server and of the program. */
  log(): string {
    return this.server.log() + this.#program.log();
  }

  /** @throws if no flow ends for long, or an invocation has left its journal */
  async run(goesOn: (loop: KillLoop) => boolean): Promise<void> {
    while (goesOn(this) && !this.callers.signal.aborted) {
      if (this.kills % HASTY_EVERY !== HASTY_EVERY - 1) await this.#progress();
      await setTimeout(this.#random.below(PAUSE_MS));
      await this.#kill(VICTIMS[this.kills % VICTIMS.length] ?? "both");
      const mismatch = JOURNAL_MISMATCH.exec(this.log());
      if (mismatch !== null) throw new Error(`a log has ${mismatch[0]}:\n${this.log()}`);
    }
  }

  async stop(): Promise<void> {
    this.callers.close();
    await this.#program.kill();
    await this.server.stop();
  }

  async #progress(): Promise<void> {
    const next = this.callers.flows + PROGRESS;
    const lateAt = performance.now() + STALLED_MS;
    while (this.callers.flows < next && !this.callers.signal.aborted) {
      if (performance.now() > lateAt)
        throw new Error(`${this.callers.flows} flows have ended, and no more:\n${this.log()}`);
      await setTimeout(POLL_MS);
    }
  }

  async #kill(victim: Victim): Promise<void> {
    this.#kills[victim]++;
    if (victim !== "program") await this.server.kill();
    if (victim !== "server") await this.#program.kill();
    if (victim !== "program") await this.server.restart();
    if (victim !== "server") this.#program.restart();
  }
}

/** Registers the program once it answers. */
async function deployed(server: RestateServer, { uri }: LedgerProgram): Promise<void> {
  const lateAt = performance.now() + STALLED_MS;
  for (;;)
    try {
      return await server.deploy(uri);
    } catch (error) {
      if (performance.now() > lateAt) throw error;
      await setTimeout(POLL_MS);
    }
}
