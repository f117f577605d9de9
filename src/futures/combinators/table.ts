import type { Definition } from "../../core/activation/definition.ts";
import type { Combinator } from "../protocol/combinator.ts";
import { all } from "./all.ts";
import { cell } from "./cell.ts";
import { event } from "./event.ts";
import { first } from "./first.ts";
import { pausedCall } from "./paused-call.ts";
import { question } from "./question.ts";
import { race } from "./race.ts";
import { timer } from "./timer.ts";
import { wait } from "./wait.ts";

/**
 * The table of combinators. A new one is a file beside this and an entry here; its methods appear
 * in the types of a handler's context.
 */
export const COMBINATORS: readonly Combinator[] = [
  cell,
  all,
  race,
  first,
  wait,
  timer,
  event,
  pausedCall,
  question,
];

const byKind = new Map(COMBINATORS.map((combinator) => [combinator.kind, combinator]));
const byType = new Map(
  COMBINATORS.flatMap((combinator) =>
    combinator.definitions.map(({ type }) => [type, combinator] as const),
  ),
);

/** Returns the combinator that plans of this kind belong to. */
export function combinatorOfKind(kind: string): Combinator | undefined {
  return byKind.get(kind);
}

/** Returns the combinator whose instances have this function type. */
export function combinatorOfType(type: string): Combinator | undefined {
  return byType.get(type);
}

/** The system functions of all combinators. */
export function combinatorDefinitions(): readonly Definition[] {
  return COMBINATORS.flatMap(({ definitions }) => definitions);
}
