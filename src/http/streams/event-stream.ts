import type { Clock } from "../../core/host/clock.ts";
import { Arrival } from "./arrival.ts";

/** An event for a browser's `EventSource`. */
export interface ServerEvent {
  /** The place to go on from: a browser that reconnects sends the last one. */
  readonly id?: string;
  /** Name of the event. Default: `message`. */
  readonly event?: string;
  /** Is sent as JSON. */
  readonly data: unknown;
}

/** Options of an event stream. */
export interface EventStreamOptions {
  readonly clock: Clock;
  /** Time after which a comment is sent if there was no event, so that no proxy closes it. */
  readonly heartbeatMs: number;
  /** Time that the reader has to take what was sent. */
  readonly patienceMs: number;
  /** Is called once, when the stream has ended. */
  readonly ended: (end: StreamEnd) => void;
}

/** Why a stream ended: the last event, a reader that left or took nothing in time, or an error. */
export type StreamEnd =
  | { readonly why: "over" | "left" | "stuck" }
  | { readonly why: "failed"; readonly error: unknown };

/** Time, in ms, after which a browser connects again. */
const RECONNECT_MS = 2_000;
const OPENING = `retry: ${RECONNECT_MS}\n\n`;
const HEARTBEAT = ": still here\n\n";

/**
 * Writes events as `text/event-stream`. An event is read only when the reader has taken the one
 * before, so a slow reader holds one event and its place. A stream that fails is cut off without a
 * last event, so a browser connects again.
 */
export function eventStream(
  events: AsyncGenerator<ServerEvent, void, void>,
  { clock, heartbeatMs, patienceMs, ended }: EventStreamOptions,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let next: Arrival<IteratorResult<ServerEvent, void>> | undefined;
  let isOpened = false;
  let stopPatience = (): void => undefined;
  let isOver = false;
  const end = (how: StreamEnd): void => {
    if (isOver) return;
    isOver = true;
    stopPatience();
    ended(how);
    void events.return().catch(() => undefined);
  };

  /** Returns the text to send now, or `undefined` after the last event. */
  async function nextText(): Promise<string | undefined> {
    if (!isOpened) {
      isOpened = true;
      return OPENING;
    }
    next ??= new Arrival(events.next());
    const result = await next.within(clock, heartbeatMs);
    if (result === undefined) return HEARTBEAT;
    next = undefined;
    return result.done === true ? undefined : textOf(result.value);
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        stopPatience();
        const close = (how: StreamEnd): void => {
          if (!isOver) controller.close();
          end(how);
        };
        try {
          const text = await nextText();
          if (isOver) return;
          if (text === undefined) {
            close({ why: "over" });
            return;
          }
          controller.enqueue(encoder.encode(text));
          stopPatience = clock.setTimer(patienceMs, () => close({ why: "stuck" }));
        } catch (error) {
          close({ why: "failed", error });
        }
      },
      cancel: () => end({ why: "left" }),
    },
    { highWaterMark: 0 },
  );
}

/** JSON has no line ends, so the data is one line. */
function textOf({ id, event, data }: ServerEvent): string {
  const lines = [
    ...(id === undefined ? [] : [`id: ${id}`]),
    ...(event === undefined ? [] : [`event: ${event}`]),
    `data: ${JSON.stringify(data)}`,
  ];
  return `${lines.join("\n")}\n\n`;
}
