import type { HandbackError } from "../../../core/errors/errors.ts";
import type { ProbationMessage } from "./probation-queue.ts";
import type { Suspicion } from "./suspicion.ts";

/**
 * A message that was recovered at the start and is marked or on probation, with the evidence
 * against it.
 */
export class RecoveredMessage implements ProbationMessage {
  readonly seq: number;
  /** The evidence when it was recovered. Absent: it had no crash mark. */
  readonly suspicion: Suspicion | undefined;
  /** Its mark is on disk once the stage is `marked`. */
  stage: "idle" | "waiting" | "marking" | "marked" | "done" = "idle";
  /** Set while its handler is running and not blocked. */
  isRunning = false;
  /** Set until its handler starts. */
  needsSlot = true;
  /** Set while a slot is reserved for it. */
  hasSlot = false;
  /** Lets its handler start or continue once it is marked. */
  onMarked: ((hasSlot: boolean) => void) | undefined;
  /** Gives the message up. */
  giveUp: ((crashes: number) => void) | undefined;
  /** Resolves when its handler may continue after it was blocked. */
  resumed: Promise<void> | undefined;
  /** Rejects `resumed`. */
  rejectResumed: ((error: HandbackError) => void) | undefined;
  cancelTimer: (() => void) | undefined;

  constructor(seq: number, suspicion?: Suspicion) {
    this.seq = seq;
    this.suspicion = suspicion;
  }

  get crashes(): number {
    return this.suspicion?.crashes ?? 0;
  }

  /** How long the process must live before the handler may start. */
  get holdMs(): number {
    return this.suspicion?.holdMs ?? 0;
  }

  /** Set once the process has crashed in its turn: from then on it runs alone. */
  get isAlone(): boolean {
    return this.holdMs > 0 || this.crashes > 0;
  }

  get isWaiting(): boolean {
    return this.stage === "waiting";
  }
}
