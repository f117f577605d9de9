import { noAnswer } from "../requests/server-error.ts";
import { setTimer } from "../requests/web-time.ts";
import { ServerEvents } from "./server-events.ts";
import type { ReceivedEvent } from "./server-events.ts";

/**
 * Reads the events of an answer until it ends.
 *
 * @param silenceMs - a longer silence counts as a lost connection
 * @throws `SERVER_UNAVAILABLE` if the connection is lost
 */
export async function* readEvents(
  { body }: Response,
  silenceMs: number,
): AsyncGenerator<readonly ReceivedEvent[], void, void> {
  if (body === null) return;
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  const events = new ServerEvents();
  try {
    for (;;) {
      const { done, value } = await beforeSilence(reader.read(), silenceMs);
      if (done) return;
      yield events.take(decoder.decode(value, { stream: true }));
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** @throws `SERVER_UNAVAILABLE` if reading fails or takes longer */
async function beforeSilence<Result>(reading: Promise<Result>, ms: number): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const stop = setTimer(ms, () => late.reject(new Error("the stream is silent")));
  try {
    return await Promise.race([reading, late.promise]);
  } catch (error) {
    throw noAnswer(error);
  } finally {
    stop();
  }
}
