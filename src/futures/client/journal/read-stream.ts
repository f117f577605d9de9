import type { Engine } from "../../../core/engine/engine.ts";
import type { Encoded } from "../../../core/codec/encoded.ts";
import { streamTopic } from "../../../core/activation/emitter.ts";
import type { JournalRow } from "../../../core/engine/journal.ts";
import { decodeStreamRow } from "../../../core/engine/stream-row.ts";
import { checkName } from "../../../core/validation/names.ts";
import { anything, readOptions } from "../../../core/validation/options.ts";
import type { OptionTable } from "../../../core/validation/options.ts";
import { settledReplyKey } from "../../flow/record/settled-reply.ts";
import { codec } from "../../protocol/codec.ts";
import { abortSignal } from "./abort-signal.ts";
import { Cursors } from "./cursor.ts";
import { hasEnded } from "./find-flow.ts";
import type { FindFlow } from "./find-flow.ts";
import { followJournal, requireJournal } from "./follow-journal.ts";
import type { StreamItem, StreamOptions } from "./stream-item.ts";

const STREAM_OPTIONS = {
  after: anything(),
  signal: abortSignal,
} satisfies OptionTable<StreamOptions>;

/** A flow whose stream is read. */
export interface StreamSource {
  readonly engine: Engine;
  /** Key of the flow. */
  readonly id: string;
  readonly find: FindFlow;
}

/**
 * Reads a stream of a flow: all durable items, then new ones as they become durable, until the flow
 * has ended. Checks its arguments at once.
 *
 * @throws `INVALID_NAME`, `INVALID_OPTIONS`, `INVALID_CURSOR`, `UNSUPPORTED`
 */
export function readFlowStream(
  { engine, id, find }: StreamSource,
  channel: string,
  options: StreamOptions = {},
): AsyncGenerator<StreamItem, void, void> {
  const topic = streamTopic(checkName(channel, "channel"));
  const { after: cursor, signal } = readOptions("stream()", STREAM_OPTIONS, options);
  const journal = requireJournal(engine, "streams", "stream()");
  const cursors = new Cursors([engine.storeId, "stream", id, channel]);
  const after = cursors.positionOf(cursor);
  return items();

  async function* items(): AsyncGenerator<StreamItem, void, void> {
    signal?.throwIfAborted();
    const { record } = await find(id);
    const query = { flow: record.number ?? id, topic, after };
    const listening = engine.listen(settledReplyKey(id));
    const isOver = (): Promise<boolean> => hasEnded(find, id);
    try {
      const rows = followJournal(journal, { query, signal, isOver, ended: listening.wait() });
      for await (const row of rows)
        for (const item of decodeItems(cursors, row, after)) {
          yield item;
          signal?.throwIfAborted();
        }
    } finally {
      listening.stop();
    }
  }
}

/** Yields the items of a row that come after a position. */
function* decodeItems(
  cursors: Cursors,
  { position, count, text }: JournalRow,
  after: number,
): Generator<StreamItem> {
  const { run, epoch, values } = decodeStreamRow(text);
  for (const [index, value] of values.entries()) {
    const at = position - count + 1 + index;
    if (at <= after) continue;
    yield { cursor: cursors.at(at), run, epoch, value: codec.decode(value as Encoded) };
  }
}
