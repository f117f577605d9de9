import { SOON_MS } from "../../../core/host/soon.ts";

/** The evidence against a message. */
export interface Suspicion {
  /** Crashes in a row soon after its handler had started alone. */
  readonly crashes: number;
  /** How long the process must live, with the message held back, before its handler starts again. */
  readonly holdMs: number;
}

/** A message that was about to run in a group when the process crashed. Nothing else is known. */
export const SUSPECTED: Suspicion = { crashes: 0, holdMs: 0 };

/** Longest time for which a message is held back. */
const LONGEST_HOLD_MS = 60_000;

/** In a crash mark: how much one second of holding back adds to one more than the crashes. */
const PER_SECOND = 2 ** 20;

/**
 * Returns the evidence against a message if the process crashes soon after its start.
 *
 * The next time, the process must live twice as long with the message held back. So something else
 * that kills the process after a certain time, such as a health check, does not hit the message
 * twice: it kills the process while the message is held back, which clears the message.
 *
 * @param isAlone - whether no other suspect runs
 * @param livedMs - the age of the process at the start of the handler
 */
export function suspicionAfterStart(
  { crashes }: Suspicion,
  isAlone: boolean,
  livedMs: number,
): Suspicion {
  const holdMs = Math.min(2 * livedMs + SOON_MS, LONGEST_HOLD_MS);
  return { crashes: crashes + (isAlone ? 1 : 0), holdMs };
}

/** Encodes the evidence for a crash mark of the store. At least 1. */
export function encodeSuspicion({ crashes, holdMs }: Suspicion): number {
  return 1 + Math.min(crashes, PER_SECOND - 2) + Math.ceil(holdMs / 1_000) * PER_SECOND;
}

/** Decodes the evidence of a crash mark. Marks of former releases hold back nothing. */
export function decodeSuspicion(mark: number): Suspicion {
  const crashes = (mark % PER_SECOND) - 1;
  return { crashes, holdMs: Math.floor(mark / PER_SECOND) * 1_000 };
}
