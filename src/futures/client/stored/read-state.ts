import { AGE_OUT_VALUE, originsOf, readAgeOut } from "../../../core/activation/age-out.ts";
import type { Content, NamedValue } from "../../../core/activation/effects.ts";
import { readValues } from "../../../core/engine/committed-read.ts";
import type { CommittedReader } from "../../../core/engine/committed-read.ts";
import type { Engine } from "../../../core/engine/engine.ts";
import { HandbackError } from "../../../core/errors/errors.ts";
import { loadState } from "../../../core/state/stored-state.ts";
import type { Address } from "../../../core/message/address.ts";
import { scopesOfOrigin } from "../../../core/message/scope-name.ts";
import { checkId } from "../../../core/validation/names.ts";
import { specOf } from "../../define/spec.ts";
import { codec } from "../../protocol/codec.ts";
import type { StatefulFunction } from "../../types/define.ts";

/**
 * Reads the committed values of one state. Values that were never written are initial.
 * @throws `NOT_FOUND`, `INVALID_KEY`, `UNKNOWN_FUNCTION`, `UNSUPPORTED`
 */
export async function readCommittedState<State>(
  engine: Engine,
  f: StatefulFunction<State>,
  id: string,
): Promise<State> {
  const spec = specOf(f);
  if (spec?.state === undefined || !engine.knows(spec.type)) {
    throw new HandbackError(
      "UNKNOWN_FUNCTION",
      "readState: expected a function made by stateful() and registered with this engine",
    );
  }
  if (!engine.capabilities.has("snapshotRead"))
    throw new HandbackError("UNSUPPORTED", "readState: this engine cannot read state from outside");
  const address = { type: spec.type, id: checkId(id, `id of ${spec.type}`) };
  const alive = await engine.read(() => readAlive(address, engine.now()));
  if (alive.length === 0)
    throw new HandbackError("NOT_FOUND", `${spec.type} has no state ${id}`, {
      details: { function: spec.type, id },
    });
  const read = (wanted: string): Content | undefined =>
    alive.find(({ name }) => name === wanted)?.value.content;
  const names = alive.map((each) => each.name);
  return { ...loadState(spec.state, { names, read }, codec).values } as State;
}

/**
 * Reads which states of a function have values that have not expired. It asks for one state at a
 * time, so that a page holds no more values than the largest state.
 */
export function* readAliveIds(
  type: string,
  ids: readonly string[],
  now: number,
): CommittedReader<readonly string[]> {
  const found: string[] = [];
  for (const id of ids) {
    const alive = yield* readAlive({ type, id }, now);
    if (alive.length > 0) found.push(id);
  }
  return found;
}

/** Reads the values of a state that have not expired. */
function* readAlive(address: Address, now: number): CommittedReader<readonly NamedValue[]> {
  return yield* aliveOf(address, yield* readValues(address), now);
}

function* aliveOf(
  address: Address,
  stored: readonly NamedValue[],
  now: number,
): CommittedReader<readonly NamedValue[]> {
  const isAlive = ({ value }: NamedValue): boolean =>
    (value.expiresAt ?? Number.POSITIVE_INFINITY) > now;
  const life = stored.find(({ name }) => name === AGE_OUT_VALUE);
  const isOver = life !== undefined && !isAlive(life) && !(yield* readIsAwaited(address, life));
  return isOver ? [] : stored.filter(isAlive);
}

/** Reads whether work is under way that may come back to a state whose age has passed. */
function* readIsAwaited(address: Address, { value }: NamedValue): CommittedReader<boolean> {
  const ageOut = readAgeOut(value.content.json);
  const origins = ageOut === undefined ? [] : originsOf(address, ageOut);
  const { work } = yield { scopes: origins.flatMap(scopesOfOrigin) };
  return work.some(({ messages, addresses }) => messages.length + addresses.length > 0);
}
