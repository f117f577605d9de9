import type { Engine } from "../../core/engine/engine.ts";
import { functionPauseId, FUNCTION_PAUSES, pausedFunction } from "../../core/engine/pauses.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { readOptions } from "../../core/validation/options.ts";
import type { OptionTable } from "../../core/validation/options.ts";
import { SYSTEM } from "../protocol/system.ts";
import { functionTypes } from "../listing/flow-filter.ts";
import { askEngine } from "./request.ts";
import { storeListingOf } from "./stored/store-listing-of.ts";
import type { PausedFunction } from "./pause-target.ts";

const CHUNK = 1_000;
const TABLE = { function: functionTypes } satisfies OptionTable<{
  readonly function: string | object;
}>;

/** Throws if an engine cannot pause. @throws `UNSUPPORTED` */
export function requirePause({ capabilities }: Engine): void {
  if (capabilities.has("pause")) return;
  throw new HandbackError("UNSUPPORTED", "pause: this engine cannot hold messages back");
}

/**
 * Pauses a function. @throws `INVALID_OPTIONS`, `INVALID_NAME`, `UNKNOWN_FUNCTION`, `UNSUPPORTED`
 */
export async function pauseFunction(engine: Engine, given: PausedFunction): Promise<void> {
  requirePause(engine);
  const [type = ""] = typesOf("pause", given);
  if (!engine.knows(type))
    throw new HandbackError("UNKNOWN_FUNCTION", `pause: no function ${type} is registered`, {
      details: { function: type },
    });
  await askPause(engine, type, "begin");
}

/**
 * Ends the pause of a function, also one that began under a former name. @throws
 * `INVALID_OPTIONS`, `INVALID_NAME`, `NOT_PAUSED`, `UNSUPPORTED`
 */
export async function resumeFunction(engine: Engine, given: PausedFunction): Promise<void> {
  requirePause(engine);
  const types = typesOf("resume", given);
  const outcomes = await Promise.all(types.map((type) => askPause(engine, type, "end")));
  if (outcomes.includes("resumed")) return;
  const [type = ""] = types;
  const details = { function: type };
  throw new HandbackError("NOT_PAUSED", `the function ${type} is not paused`, { details });
}

/** Returns the types of the paused functions, in their order. @throws `UNSUPPORTED` */
export async function pausedFunctions(engine: Engine): Promise<readonly string[]> {
  requirePause(engine);
  const listing = storeListingOf(engine, "pausedFunctions");
  const types: string[] = [];
  let after: string | undefined;
  do {
    const query = { type: SYSTEM.pause, idPrefix: FUNCTION_PAUSES, limit: CHUNK, after };
    const { ids, next } = await listing.states(query);
    types.push(...ids.flatMap((id) => pausedFunction(id) ?? []));
    after = next;
  } while (after !== undefined);
  return types;
}

function typesOf(subject: string, given: PausedFunction): readonly string[] {
  return readOptions(subject, TABLE, given).function;
}

async function askPause(engine: Engine, type: string, name: "begin" | "end"): Promise<string> {
  const asked = { key: engine.nextRequest() };
  const id = functionPauseId(type);
  const { control } = await askEngine(engine, "pause", { id, name, control: asked });
  return control.outcome;
}
