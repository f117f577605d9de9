import { AGE_OUT_VALUE, isAwaited, readAgeOut } from "../../core/activation/age-out.ts";
import type { Content, StoredValue } from "../../core/activation/effects.ts";
import type { Engine } from "../../core/engine/engine.ts";
import { HandbackError } from "../../core/errors/errors.ts";
import { loadState } from "../../core/state/stored-state.ts";
import { scopesOfOrigin } from "../../core/message/scope-name.ts";
import { checkId } from "../../core/validation/names.ts";
import { specOf } from "../define/spec.ts";
import { codec } from "../protocol/codec.ts";
import type { StatefulFunction } from "../types/define.ts";

/**
 * Reads the committed values of one state. Values that were never written are initial.
 * @throws `NOT_FOUND`, `INVALID_KEY`, `UNKNOWN_FUNCTION`, `UNSUPPORTED`
 */
export function readCommittedState<State>(
  engine: Engine,
  f: StatefulFunction<State>,
  id: string,
): State {
  const spec = specOf(f);
  if (spec?.state === undefined || !engine.knows(spec.type)) {
    throw new HandbackError(
      "UNKNOWN_FUNCTION",
      "readState: expected a function made by stateful() and registered with this engine",
    );
  }
  if (!engine.capabilities.has("snapshotRead"))
    throw new HandbackError("UNSUPPORTED", "readState: this engine cannot read state from outside");
  const stored = engine.snapshot({
    type: spec.type,
    id: checkId(id, `id of ${spec.type}`),
  });
  const isAlive = (value: StoredValue | undefined): boolean =>
    value !== undefined && (value.expiresAt ?? Number.POSITIVE_INFINITY) > engine.now();
  const life = stored.find(({ name }) => name === AGE_OUT_VALUE)?.value;
  const alive =
    life !== undefined && !isAlive(life) && !isAwaitedState(engine, id, life)
      ? []
      : stored.filter(({ value }) => isAlive(value));
  if (alive.length === 0)
    throw new HandbackError("NOT_FOUND", `${spec.type} has no state ${id}`, {
      details: { function: spec.type, id },
    });
  const read = (wanted: string): Content | undefined =>
    alive.find(({ name }) => name === wanted)?.value.content;
  const names = alive.map((each) => each.name);
  return { ...loadState(spec.state, { names, read }, codec).values } as State;
}

/** Tells whether work is under way that may come back to a state whose age has passed. */
function isAwaitedState(engine: Engine, id: string, { content }: StoredValue): boolean {
  const ageOut = readAgeOut(content.json);
  const isUnderWay = (origin: string): boolean =>
    scopesOfOrigin(origin).some((scope) => {
      const { messages, addresses } = engine.pendingWork(scope);
      return messages.length + addresses.length > 0;
    });
  return ageOut !== undefined && isAwaited({ id }, ageOut, isUnderWay);
}
