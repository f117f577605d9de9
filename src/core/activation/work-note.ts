import type { WorkLine } from "../host/work-log.ts";
import type { Environment } from "./environment.ts";

/** The hidden method of a handler's context that writes a line about the work. */
export const NOTE: unique symbol = Symbol.for("handback.note");

/** Writes a line about the work of an activation. */
export function noteWork({ workLog, log }: Environment, line: WorkLine): void {
  if (workLog === undefined) log[line.level](line.message, line.fields);
  else workLog.write(line);
}

/** Writes a line about the work of a handler, given its context. Patterns use it. */
export function noteInHandler(ctx: object, line: WorkLine): void {
  if (isNoting(ctx)) ctx[NOTE](line);
}

interface Noting {
  [NOTE](line: WorkLine): void;
}

function isNoting(ctx: object): ctx is Noting {
  return NOTE in ctx;
}
