import type { Scheduler } from "../../../core/host/scheduler.ts";
import type { StoreOutage } from "../commit/store-outage.ts";
import type { GroupCommit } from "../commit/group-commit.ts";
import type { Lifecycle } from "../lifecycle/lifecycle.ts";
import type { Dispatcher, HandlerStarter } from "./dispatcher.ts";
import type { ReplyQueue } from "./reply-queue.ts";

/** Collaborators of {@link TurnDispatcher}. */
export interface TurnDispatcherParts {
  readonly scheduler: Pick<Scheduler, "soon">;
  readonly lifecycle: Lifecycle;
  readonly commits: GroupCommit;
  readonly outage: StoreOutage;
  readonly replies: ReplyQueue;
}

/**
 * Runs turns of the event loop: each begins a commit, delivers replies and starts handlers. At most
 * one turn is scheduled at a time.
 */
export class TurnDispatcher implements Dispatcher {
  readonly #parts: TurnDispatcherParts;
  #handlers: HandlerStarter | undefined;
  #isScheduled = false;
  readonly #runScheduled = (): void => {
    this.#isScheduled = false;
    this.#parts.lifecycle.run(this.#runTurn);
  };
  readonly #runTurn = (): void => {
    const { lifecycle, commits, replies } = this.#parts;
    if (!lifecycle.hasStopped) commits.begin();
    replies.deliverSome();
    this.dispatch();
  };

  constructor(parts: TurnDispatcherParts) {
    this.#parts = parts;
  }

  /** Connects the handlers. Until then, turns commit and deliver replies only. */
  connect(handlers: HandlerStarter): void {
    this.#handlers = handlers;
  }

  get hasMoreToRun(): boolean {
    return this.#handlers?.canStart === true || !this.#parts.replies.isEmpty;
  }

  wake(): void {
    const { lifecycle, scheduler } = this.#parts;
    if (this.#isScheduled || lifecycle.hasStopped || !this.#hasWork()) return;
    this.#isScheduled = true;
    scheduler.soon(this.#runScheduled);
  }

  dispatch(): void {
    if (this.#mayStartHandlers()) this.#handlers?.start();
    this.wake();
  }

  #hasWork(): boolean {
    const { commits, replies } = this.#parts;
    return (
      commits.canBegin ||
      !replies.isEmpty ||
      (this.#handlers?.canStart === true && this.#mayStartHandlers())
    );
  }

  /** Tells whether more handlers may run: no more start during an outage or while commits lag. */
  #mayStartHandlers(): boolean {
    const { lifecycle, commits, outage } = this.#parts;
    return lifecycle.isRunning && !outage.isRefusing && !commits.isLagging;
  }
}
