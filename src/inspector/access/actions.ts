import { HandbackError } from "../../core/errors/errors.ts";
import type { InspectedEngine } from "../rules/options.ts";
import type { Inspection, InspectorAction } from "../rules/inspection.ts";

/** An action and its target. */
export interface ActionRequest extends Omit<Inspection, "action"> {
  readonly action: InspectorAction;
}

/** The words about an action. */
interface ActionWords {
  readonly title: string;
  readonly text: string;
  readonly button: string;
  readonly isFinal: boolean;
  /** The words after it is done. */
  readonly done: string;
}

/** An action: its words, and how it is carried out. */
interface Action {
  readonly words: (request: ActionRequest) => ActionWords;
  readonly run: (engine: InspectedEngine, request: ActionRequest) => Promise<unknown>;
}

/** All actions. */
export const ACTIONS: Readonly<Record<InspectorAction, Action>> = {
  cancel: {
    words: ({ flow }) => ({
      title: `Cancel ${flow}?`,
      text: "Its result becomes a rejection at once. Parked work is deleted, and clean-up still runs. This cannot be undone.",
      button: "Cancel the flow",
      isFinal: true,
      done: "The flow is canceled.",
    }),
    run: ({ client }, { flow = "" }) => client.cancel(flow),
  },
  pause: {
    words: ({ flow }) => ({
      title: `Pause ${flow}?`,
      text: "Running handlers end. No other handler of the flow starts until it is resumed. Timers keep their instants.",
      button: "Pause the flow",
      isFinal: false,
      done: "The flow is paused.",
    }),
    run: ({ client }, { flow = "" }) => client.pause(flow),
  },
  resume: {
    words: ({ flow, call }) => ({
      title: call === undefined ? `Resume ${flow}?` : `Run the paused call of ${flow} again?`,
      text:
        call === undefined
          ? "Messages that waited are handled in their order."
          : "The call runs once more, with the same idempotency key. Its retry policy starts afresh.",
      button: call === undefined ? "Resume the flow" : "Run the call again",
      isFinal: false,
      done: "The flow goes on.",
    }),
    run: ({ client }, { flow = "", call }) =>
      client.resume(flow, call === undefined ? {} : { call }),
  },
  fail: {
    words: ({ flow }) => ({
      title: `Let the paused call of ${flow} fail?`,
      text: "Its failure passes on to all that wait for it. This cannot be undone.",
      button: "Let the call fail",
      isFinal: true,
      done: "The failure of the call has passed on.",
    }),
    run: ({ client }, { flow = "", call }) => client.fail(flow, call === undefined ? {} : { call }),
  },
  restart: {
    words: ({ flow }) => ({
      title: `Run ${flow} again from its start?`,
      text: "The same function runs with the same input. Its calls have the idempotency keys of the run before, so nothing outside is done twice. What is left of that run is canceled.",
      button: "Run the flow again",
      isFinal: false,
      done: "The flow runs again.",
    }),
    run: ({ client }, { flow = "" }) => client.restart(flow, { keys: "same" }),
  },
  "restart-with-new-keys": {
    words: ({ flow }) => ({
      title: `Run ${flow} again with new keys?`,
      text: "The same function runs with the same input. Its calls have new idempotency keys, so systems outside take them for new calls: what was paid is paid again. What is left of the run before is canceled.",
      button: "Run the flow again, with new keys",
      isFinal: true,
      done: "The flow runs again, with new keys.",
    }),
    run: ({ client }, { flow = "" }) => client.restart(flow, { keys: "new" }),
  },
  redrive: {
    words: () => ({
      title: "Send this message again?",
      text: "The dead letter goes away, and its message is handled once more, with the same idempotency key.",
      button: "Send it again",
      isFinal: false,
      done: "The message is sent again.",
    }),
    run: async (engine, { letter = "" }) => {
      if (!(await deadLetterMethod(engine.redrive)(letter)))
        throw new HandbackError(
          "NOT_FOUND",
          "the dead letter has no message that can be sent again",
        );
    },
  },
  discard: {
    words: () => ({
      title: "Throw this message away?",
      text: "The dead letter is deleted. If something waits for its outcome, the failure passes on to it. This cannot be undone.",
      button: "Throw it away",
      isFinal: true,
      done: "The message is deleted.",
    }),
    run: (engine, { letter = "" }) => deadLetterMethod(engine.discard)(letter),
  },
  "pause-function": {
    words: (request) => ({
      title: `Pause ${request.function}?`,
      text: "Running handlers end. No other handler of this function starts, in any flow, until it is resumed.",
      button: "Pause the function",
      isFinal: false,
      done: "The function is paused.",
    }),
    run: ({ client }, request) => client.pause({ function: request.function ?? "" }),
  },
  "resume-function": {
    words: (request) => ({
      title: `Resume ${request.function}?`,
      text: "Messages that waited are handled in their order.",
      button: "Resume the function",
      isFinal: false,
      done: "The function goes on.",
    }),
    run: ({ client }, request) => client.resume({ function: request.function ?? "" }),
  },
};

/** @throws `UNSUPPORTED` if the engine keeps no dead letters */
function deadLetterMethod<Method>(method: Method | undefined): Method {
  if (method !== undefined) return method;
  throw new HandbackError("UNSUPPORTED", "this engine keeps no dead letters");
}
