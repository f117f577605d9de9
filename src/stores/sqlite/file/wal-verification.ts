/** What was found in a log. */
export interface WalFinding {
  /** The first frame, from 1, of which it is certain that it was written whole, and has changed since; 0: the header. */
  readonly damagedFrame?: number | undefined;
  /** Behind the last commit there are frames that look like what the next ones will look like. */
  readonly hasRemains: boolean;
}

const NOTHING: WalFinding = { hasRemains: false };

/** The log's format: https://sqlite.org/fileformat2.html#the_write_ahead_log. Numbers are big-endian, whatever checksums are made of. */
const HEADER = { bytes: 32, magic: 0, version: 4, pageSize: 8, salts: 16, checksum: 24 };
const FRAME = { bytes: 24, page: 0, pagesAfterCommit: 4, salts: 8, checksum: 16 };
const MAGIC = { little: 0x377f0682, big: 0x377f0683 };
const VERSION = 3_007_000;
const SALTS = 8;

/** The index's format: https://sqlite.org/walformat.html#the_wal_index_file_format. Numbers are the machine's. Its header is there twice. */
const INDEX = { bytes: 48, frames: 16, salts: 32, checksum: 40 };

const IS_LITTLE = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/**
 * Looks for damage in the log of a store that was not closed, of which each commit was flushed before the next one was written.
 *
 * SQLite takes a log to end before the first frame that is not what was written, as a power cut leaves it: in the commit that came last. So
 * there was none if that frame belongs to an earlier commit: if two marks of commits are found from there on, or if the index counts it
 * among those that were flushed.
 *
 * @param log - the log (`-wal`)
 * @param index - its index (`-shm`), if there is one
 */
export function verifyWal(log: Buffer, index: Buffer): WalFinding {
  if (log.length <= HEADER.bytes) return NOTHING;
  const words = wordsOf(log);
  if (words === undefined)
    return log.subarray(HEADER.bytes).some((byte) => byte !== 0)
      ? { damagedFrame: 0, hasRemains: false }
      : NOTHING;
  const frames = new WalFrames(log, words);
  const { whole, committed } = frames.follow();
  const [first, second] = frames.commitsFrom(whole + 1);
  const isDamaged = second !== undefined || flushedFrames(index, log) > committed;
  return {
    damagedFrame: isDamaged ? whole + 1 : undefined,
    hasRemains: first !== undefined || frames.carriesSalts(committed + 1),
  };
}

/** The log as the numbers that its checksums are made of; `undefined` if its header is not what was written. */
function wordsOf(log: Buffer): Uint32Array | undefined {
  const magic = log.readUInt32BE(HEADER.magic);
  if (
    (magic !== MAGIC.little && magic !== MAGIC.big) ||
    log.readUInt32BE(HEADER.version) !== VERSION
  )
    return undefined;
  const isOurs = (magic === MAGIC.little) === IS_LITTLE;
  const whole = log.length - (log.length % Uint32Array.BYTES_PER_ELEMENT);
  const bytes =
    isOurs && log.byteOffset % Uint32Array.BYTES_PER_ELEMENT === 0
      ? log.subarray(0, whole)
      : Buffer.from(new Uint8Array(log.subarray(0, whole)).buffer);
  if (!isOurs) bytes.swap32();
  const words = new Uint32Array(
    bytes.buffer,
    bytes.byteOffset,
    whole / Uint32Array.BYTES_PER_ELEMENT,
  );
  const sum = new WalSum();
  sum.add(words, { from: 0, bytes: HEADER.checksum });
  return sum.isAt(log, HEADER.checksum) ? words : undefined;
}

/** The frames of a log. */
class WalFrames {
  readonly #log: Buffer;
  readonly #words: Uint32Array;
  readonly #pageSize: number;
  readonly #count: number;

  constructor(log: Buffer, words: Uint32Array) {
    this.#log = log;
    this.#words = words;
    this.#pageSize = log.readUInt32BE(HEADER.pageSize);
    this.#count = Math.floor((log.length - HEADER.bytes) / (FRAME.bytes + this.#pageSize));
  }

  /** Follows the checksums, each of which goes on from the one before: how many frames are as they were written, and committed. */
  follow(): { readonly whole: number; readonly committed: number } {
    const sum = new WalSum();
    sum.add(this.#words, { from: 0, bytes: HEADER.checksum });
    let committed = 0;
    let frame = 1;
    for (; frame <= this.#count && this.carriesSalts(frame); frame++) {
      const at = this.#at(frame);
      sum.add(this.#words, { from: at, bytes: FRAME.salts });
      sum.add(this.#words, { from: at + FRAME.bytes, bytes: this.#pageSize });
      if (!sum.isAt(this.#log, at + FRAME.checksum)) break;
      if (this.#isCommit(frame)) committed = frame;
    }
    return { whole: frame - 1, committed };
  }

  /** The first two frames from this one on that end a commit of this log. */
  commitsFrom(frame: number): readonly number[] {
    const found: number[] = [];
    for (; frame <= this.#count && found.length < 2; frame++)
      if (this.carriesSalts(frame) && this.#isCommit(frame)) found.push(frame);
    return found;
  }

  /** Whether a frame is there, and of this log: what lies behind is of the time before it began anew. */
  carriesSalts(frame: number): boolean {
    if (frame > this.#count) return false;
    const at = this.#at(frame);
    if (this.#log.readUInt32BE(at + FRAME.page) === 0) return false;
    return (
      this.#log.compare(
        this.#log,
        HEADER.salts,
        HEADER.salts + SALTS,
        at + FRAME.salts,
        at + FRAME.salts + SALTS,
      ) === 0
    );
  }

  #isCommit(frame: number): boolean {
    return this.#log.readUInt32BE(this.#at(frame) + FRAME.pagesAfterCommit) > 0;
  }

  #at(frame: number): number {
    return HEADER.bytes + (frame - 1) * (FRAME.bytes + this.#pageSize);
  }
}

/** How many frames of the log had been flushed, as far as the index knows; 0 if it is not this log's. */
function flushedFrames(index: Buffer, log: Buffer): number {
  const header = index.subarray(0, INDEX.bytes);
  if (
    index.length < 2 * INDEX.bytes ||
    !header.equals(index.subarray(INDEX.bytes, 2 * INDEX.bytes))
  )
    return 0;
  if (
    header.compare(log, HEADER.salts, HEADER.salts + SALTS, INDEX.salts, INDEX.salts + SALTS) !== 0
  )
    return 0;
  const words = new Uint32Array(new Uint8Array(header).buffer);
  const sum = new WalSum();
  sum.add(words, { from: 0, bytes: INDEX.checksum });
  const word = Uint32Array.BYTES_PER_ELEMENT;
  return sum.equals(words[INDEX.checksum / word], words[INDEX.checksum / word + 1])
    ? (words[INDEX.frames / word] ?? 0)
    : 0;
}

/** The checksum of SQLite's logs. */
class WalSum {
  #first = 0;
  #second = 0;

  /** Goes on with some bytes: eight at a time. */
  add(
    words: Uint32Array,
    { from, bytes }: { readonly from: number; readonly bytes: number },
  ): void {
    let [first, second] = [this.#first, this.#second];
    const [begin, end] = [
      from / Uint32Array.BYTES_PER_ELEMENT,
      (from + bytes) / Uint32Array.BYTES_PER_ELEMENT,
    ];
    for (let at = begin; at < end; at += 2) {
      first = (first + (words[at] as number) + second) | 0;
      second = (second + (words[at + 1] as number) + first) | 0;
    }
    this.#first = first;
    this.#second = second;
  }

  isAt(log: Buffer, at: number): boolean {
    return this.equals(log.readUInt32BE(at), log.readUInt32BE(at + Uint32Array.BYTES_PER_ELEMENT));
  }

  equals(first: number | undefined, second: number | undefined): boolean {
    return this.#first >>> 0 === first && this.#second >>> 0 === second;
  }
}
