import type { Send } from "../../core/activation/effects.ts";
import type { UsageTotals } from "../../core/activation/meter.ts";
import type { FlowAttributeChanges } from "../../core/engine/flow-index.ts";
import type { Envelope } from "../../core/message/envelope.ts";
import type { MessageId } from "../../core/message/message-id.ts";
import type { Failure } from "../types/failure.ts";
import type { PausedCall } from "../types/paused-call.ts";
import type { Consumer } from "./consumer.ts";
import type { Settled } from "./settled.ts";

/**
 * The messages of the system functions: for each function, the control data of a message by its
 * name. Senders and receivers are typed by this map. A combinator's messages are in its own file.
 */
export interface Messages {
  readonly cell: {
    readonly create: CreateCell;
    readonly gate: SendOnce;
    readonly subscribe: Subscribe;
    readonly settle: SettleCell;
    readonly settleByToken: SettleByToken;
    /** A gate will not be asked again. `kept`: a handle of its future is out. */
    readonly release: { readonly kept: boolean };
    /** Cancels the future. `retainUntil` comes from its handle. */
    readonly cancel: { readonly retainUntil: number };
    readonly guard: WatchToken;
    readonly trace: CycleProbe;
    /** The next subscribers are to be served. */
    readonly turn: null;
    /** The retention of a future whose creator never came is over. */
    readonly expire: null;
  };
  readonly flow: {
    readonly start: StartFlow;
    readonly query: ReplyKey;
    readonly signal: SignalFlow;
    /** A signal under a new key counts. The value is the payload. */
    readonly admit: ReplyKey & { readonly event: string };
    /** A key that was counted was known. */
    readonly unreserve: null;
    readonly cancel: ReplyKey;
    readonly purge: ReplyKey;
    /** Pauses the flow. */
    readonly pause: ReplyKey;
    readonly settle: {
      readonly ok: boolean;
      readonly tally: UsageTotals;
      readonly attempt?: number;
      /** Number of the run that settles. Default: the first one. */
      readonly run?: string;
    };
    readonly bill: { readonly tally: UsageTotals };
    /** A rejection without a consumer. */
    readonly unhandled: null;
    /** A custom status, in the payload. */
    readonly status: null;
    /** Attributes to set, or to remove with `null`. */
    readonly attributes: { readonly changes: FlowAttributeChanges };
    /** Values of events were kept for later, or taken. */
    readonly kept: { readonly count: number; readonly chars: number };
    /** A call has paused. */
    readonly paused: { readonly call: PausedCall };
    /** A paused call goes on, or was canceled. */
    readonly released: { readonly call: MessageId };
    /** Lets the flow go on that a client paused, runs a paused call again, or lets it fail. */
    readonly repair: Repair;
    /** Runs the flow again from its start. */
    readonly restart: RestartFlow;
    /** A handler of another flow, or of this one, asks something. */
    readonly ask: AskFlow;
    /** An event queue exists and ends with the flow. */
    readonly queue: { readonly queue: string };
  };
  /** A call that stopped, and waits for a person with its consumers. */
  readonly pausedCall: {
    /** Puts the call aside. Its input is the payload. */
    readonly hold: { readonly call: StoppedCall; readonly failure: Failure; readonly flow: string };
    /** Runs the call again, or lets its failure pass on. A new input is the payload. */
    readonly repair: Repair;
    /** The flow has ended, or takes no more paused calls: lets the failure pass on. */
    readonly over: null;
    readonly guard: WatchToken;
  };
  readonly event: {
    /** Waits for the next value. */
    readonly wait: { readonly consumers: readonly Consumer[]; readonly scope?: string };
    /** A value arrived, in the payload. */
    readonly signal: null;
    /** A value arrived at a flow that keeps no more events: a waiter takes it, or it is refused. */
    readonly offer: ReplyKey & {
      /** The number of the flow. Absent in a message of an earlier release. */
      readonly number?: string;
    };
    /** The flow has ended. */
    readonly over: null;
    readonly guard: WatchToken;
  };
  /** A value of an event that is kept for a waiter. */
  readonly keptEvent: {
    /** Keeps the value, which is the payload. */
    readonly keep: { readonly flow: string };
    /** Gives the value to a waiter. */
    readonly take: { readonly flow: string; readonly consumers: readonly Consumer[] };
    /** The flow has ended. */
    readonly over: null;
  };
  /** A page of keys under which a flow was signaled. */
  readonly signalKeys: {
    /** Asks whether the key is known, and what to answer otherwise. The value is the payload. */
    readonly check: SignalFlow & {
      readonly once: KeyedSignal;
      readonly flow: string;
      readonly unknown: "admit" | "full" | "manyEvents" | "over";
    };
    /** The flow has ended. */
    readonly over: { readonly keepUntil: number };
    /** The flow was purged. */
    readonly forget: null;
  };
  /** A pause. Its id names the flow or the function. */
  readonly pause: {
    readonly begin: Partial<ReplyKey>;
    readonly end: Partial<ReplyKey>;
  };
  /** The secret of the store. */
  readonly secret: { readonly read: ReplyKey };
  /** The numbers of processes that start flows. */
  readonly process: { readonly claim: ReplyKey };
  readonly timer: {
    /**
     * Carries everything that happens when the timer is due. The default settlement is `undefined`.
     */
    readonly due: {
      readonly consumers: readonly Consumer[];
      readonly flow?: string;
      readonly settled?: Settled;
    };
  };
}

/** A call without its input. */
export type StoppedCall = Omit<Envelope, "payload">;

/** What is done with a paused call. */
export type Repair = ReplyKey & {
  readonly action: "resume" | "fail";
  /** The id of the call. Absent: the only one. */
  readonly call?: MessageId | undefined;
  /** The payload is a new input. */
  readonly hasInput?: true | undefined;
  /** The call gets another idempotency key. */
  readonly newKey?: true | undefined;
};

/** Restarts a flow that has failed or was canceled. */
export type RestartFlow = ReplyKey & {
  /** The number of the new run. */
  readonly number: string;
  /** The idempotency keys of its calls: those of the run before, or new ones. */
  readonly keys: "same" | "new";
};

/** A question of a handler. The consumers get the answer. */
export type AskFlow = {
  /**
   * `status`: how the flow stands. `compensate`: whether a compensation may begin in the run whose
   * number is given.
   */
  readonly about: "status" | "compensate";
  readonly run: string;
  readonly consumers: readonly Consumer[];
  /** The flow of the handler. */
  readonly flow?: string;
};

/** Looks for a cycle of futures that wait for each other. */
export type CycleProbe = {
  /** The cell at which it started. */
  readonly origin: string;
  /** Number of messages it may still become. */
  readonly budget: number;
};

/** Names the cancellation watch whose scope was canceled. */
export type WatchToken = {
  readonly token: string;
};

/** Names the reply that a client waits for. */
export type ReplyKey = {
  readonly key: string;
};

/** Sends an event to a flow. The value is the payload. */
export type SignalFlow = ReplyKey & {
  readonly event: string;
  readonly once?: KeyedSignal | undefined;
};

/** Digests of the key that makes a signal count once, and of the signal. */
export type KeyedSignal = {
  readonly key: string;
  readonly digest: string;
};

/** Creates the cell of a future. `digest` is that of a token that may settle it. */
export type CreateCell = {
  readonly retainUntil: number;
  readonly digest?: string;
  readonly flow?: string;
  readonly scope?: string;
  readonly detached?: true;
};

/** Messages that leave once, however often their handler runs. `oneWay`: they settle nothing. */
export type SendOnce = {
  readonly held: readonly Send[];
  readonly retainUntil: number;
  readonly flow?: string;
  readonly oneWay?: true;
};

/** Adds consumers to a cell. `spill`: they outgrew a message, and the cell has no other users. */
export type Subscribe = {
  readonly consumers: readonly Consumer[];
  readonly retainUntil: number;
  readonly spill?: true;
  readonly flow?: string;
  readonly scope?: string;
  /** The scope of the work that will settle the cell. `scope` is inside it. */
  readonly within?: string;
};

/** Settles a cell. The value or failure is the payload. */
export type SettleCell = {
  readonly ok: boolean;
  readonly tally: UsageTotals;
  readonly spill?: true | undefined;
  readonly flow?: string | undefined;
  /** The scope of its consumers was canceled. */
  readonly late?: true | undefined;
};

/** Settles a cell from outside. */
export type SettleByToken = ReplyKey & {
  readonly ok: boolean;
  readonly digest: string;
};

/**
 * Starts a flow. The payload is its input; the reply's outcome is `started`, `attached` or
 * `conflict`. The same message again, by its number, is answered as before.
 */
export type StartFlow = ReplyKey & {
  readonly number: string;
  readonly type: string;
  readonly stateId?: string | undefined;
  readonly name: string;
  readonly digest?: string | undefined;
  readonly creates?: true | undefined;
  /** The client waits for the flow. If it has settled, its settlement is the reply. */
  readonly awaits?: true | undefined;
  /** The names of the events that the flow takes. Absent: any. */
  readonly events?: readonly string[] | undefined;
  readonly traceparent?: string | undefined;
};
