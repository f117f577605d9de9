import type { DeadLetterReport } from "../../futures/client/stored/dead-letter.ts";
import type { Paint } from "../terminal/paint.ts";
import { safeText } from "../terminal/safe-text.ts";
import { drawTable } from "../terminal/table.ts";
import { failureText } from "./flow-view.ts";
import { agoText } from "./time-text.ts";

/** A page of dead letters, as a server and a store give it. */
export interface DeadLetterPageView {
  readonly letters: readonly DeadLetterReport[];
  readonly cursor?: string | undefined;
}

/** The operation of a message to a function without operations. */
const STATELESS = "call";

/** Draws a page of dead letters as a table. */
export function renderDeadLetters(
  { letters, cursor }: DeadLetterPageView,
  { now, paint }: { readonly now: number; readonly paint: Paint },
): string {
  const more =
    cursor === undefined ? [] : ["", paint("dim", `more: add --cursor ${safeText(cursor)}`)];
  if (letters.length === 0) return ["no dead letters", ...more].join("\n");
  const table = drawTable(
    {
      heads: ["letter", "to", "given up", "waited for", "failure"],
      rows: letters.map(({ id, target, operation, at, isHeld, failure }) => [
        safeText(id),
        safeText(`${target.type}${operation === STATELESS ? "" : ` ${operation}`} at ${target.id}`),
        agoText(at, now),
        isHeld ? "yes" : "no",
        paint("red", failureText(failure)),
      ]),
    },
    paint,
  );
  return [table, ...more].join("\n");
}
