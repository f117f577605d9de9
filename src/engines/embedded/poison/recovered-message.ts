import type { HandbackError } from "../../../core/errors/errors.ts";
import type { ProbationMessage } from "./probation-queue.ts";

/**
 * A message that was recovered at the start and is marked or on probation, with the crashes counted
 * against it.
 */
export class RecoveredMessage implements ProbationMessage {
  readonly seq: number;
  /** Crashes counted against it when it was recovered. */
  readonly crashes: number;
  /**
   * Crashes counted against it if the process crashes in its turn. Two at least, because the first
   * was shared by a group.
   */
  readonly nextCrashes: number;
  /** Set when it must run alone: in its last turn, and in each turn after its first. */
  readonly isAlone: boolean;
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
  /** Resolves when its handler may continue after it was blocked. */
  resumed: Promise<void> | undefined;
  /** Rejects `resumed`. */
  rejectResumed: ((error: HandbackError) => void) | undefined;
  cancelTimer: (() => void) | undefined;

  /** @param limit crashes after which it is given up */
  constructor(seq: number, crashes: number, limit: number) {
    this.seq = seq;
    this.crashes = crashes;
    this.nextCrashes = Math.max(2, crashes + 1);
    this.isAlone = crashes > 1 || this.nextCrashes >= limit;
  }

  get isWaiting(): boolean {
    return this.stage === "waiting";
  }
}
