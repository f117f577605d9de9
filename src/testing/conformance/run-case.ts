import type { Case, Running } from "./case/case.ts";
import type { EngineUnderTest, MakeOptions } from "./case/engine-under-test.ts";
import type { DrivenTime } from "./case/time.ts";

const DAY_MS = 86_400_000;

/** The setup in which a case runs. */
export interface CaseSetup<Engine extends EngineUnderTest> {
  readonly make: (options: MakeOptions) => Engine | Promise<Engine>;
  readonly dispose: (engine: Engine) => void | Promise<void>;
  readonly clock: MakeOptions["clock"];
  readonly time: DrivenTime;
  readonly seed: number;
}

/** Runs a case, then disposes of the engines that it started, even if it fails. */
export async function runCase<Engine extends EngineUnderTest>(
  { run }: Pick<Case, "run">,
  ground: CaseSetup<Engine>,
): Promise<void> {
  const { make, dispose, clock, time, seed } = ground;
  const engines: Engine[] = [];
  const start = async (
    functions: readonly object[],
    { egress = {}, retentionMs = 7 * DAY_MS } = {},
  ): Promise<Running> => {
    const engine = await make({ functions, clock, seed, egress, retentionMs });
    engines.push(engine);
    const {
      deadLetters = unavailable("deadLetters"),
      stored = unavailable("stored"),
      redeploy = unavailable("redeploy"),
    } = engine;
    return {
      get client() {
        return time.drive(engine.client);
      },
      deadLetters: () => deadLetters(),
      stored: () => stored(),
      redeploy: (next) => time.until(Promise.resolve(redeploy(next))),
    };
  };
  try {
    await run({ start, time });
  } finally {
    for (const engine of engines) await time.until(Promise.resolve(dispose(engine)));
  }
}

function unavailable(name: string): () => never {
  return () => {
    throw new Error(
      `the engine under test has no ${name}(), but does not list its capability as missing`,
    );
  };
}
