import { LogHistory } from "./log-history.ts";

/** The result of {@link verifyWal}. */
export interface WalFinding {
  /**
   * The first frame, from 1, that was certainly written whole and has changed since; 0 is the
   * header.
   */
  readonly damagedFrame?: number | undefined;
  /** `true` if frames after the last commit look like frames of later commits. */
  readonly hasRemains: boolean;
  /** `true` if the log has an intact header. */
  readonly hasHeader: boolean;
  /** The commits in the log, if there are any. */
  readonly history?: LogHistory | undefined;
}

const EMPTY: WalFinding = { hasRemains: false, hasHeader: false };

/**
 * The format of the log: https://sqlite.org/fileformat2.html#the_write_ahead_log. Its numbers are
 * big-endian; the byte order of the checksums varies.
 */
const HEADER = { bytes: 32, magic: 0, version: 4, pageSize: 8, salts: 16, checksum: 24 };
const FRAME = { bytes: 24, page: 0, pagesAfterCommit: 4, salts: 8, checksum: 16 };
const MAGIC = { little: 0x377f0682, big: 0x377f0683 };
const VERSION = 3_007_000;
const SALTS = 8;

/**
 * The format of the index: https://sqlite.org/walformat.html#the_wal_index_file_format. Its numbers
 * are in the machine's byte order. It starts with two copies of its header.
 */
const INDEX = { bytes: 48, frames: 16, salts: 32, checksum: 40 };

const WORD = Uint32Array.BYTES_PER_ELEMENT;
const IS_LITTLE_ENDIAN = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/**
 * Looks for damage in the log of a store that was not closed, and that flushed each commit before
 * it wrote the next.
 *
 * SQLite ends a log at the first frame with a wrong checksum. A power cut leaves such a frame in
 * the last commit only, so a frame of an earlier commit is damaged. The frame belongs to an earlier
 * commit if two frames from there on end commits, or if the index counts it as flushed.
 *
 * @param log - the content of the log (`-wal`)
 * @param index - the content of its index (`-shm`), empty if it is missing
 */
export function verifyWal(log: Buffer, index: Buffer): WalFinding {
  if (log.length <= HEADER.bytes) return EMPTY;
  const words = checksumWords(log);
  if (words === undefined) {
    const hasContent = log.subarray(HEADER.bytes).some((byte) => byte !== 0);
    return hasContent ? { ...EMPTY, damagedFrame: 0 } : EMPTY;
  }
  const frames = new WalFrames(log, words);
  const { intact, committed, history } = frames.follow();
  const [first, second] = frames.commitsFrom(intact + 1);
  const isDamaged = second !== undefined || flushedFrames(index, log) > committed;
  return {
    damagedFrame: isDamaged ? intact + 1 : undefined,
    hasRemains: first !== undefined || frames.belongs(committed + 1),
    hasHeader: true,
    history,
  };
}

/** Returns the log as the numbers of its checksums; `undefined` if its header is damaged. */
function checksumWords(log: Buffer): Uint32Array | undefined {
  const magic = log.readUInt32BE(HEADER.magic);
  const isKnown = magic === MAGIC.little || magic === MAGIC.big;
  if (!isKnown || log.readUInt32BE(HEADER.version) !== VERSION) return undefined;
  const words = asWords(log, (magic === MAGIC.little) === IS_LITTLE_ENDIAN);
  const sum = new WalChecksum();
  sum.add(words, { from: 0, bytes: HEADER.checksum });
  return sum.isAt(log, HEADER.checksum) ? words : undefined;
}

/**
 * Returns bytes as 32-bit numbers. Copies them only if their alignment or byte order requires it.
 */
function asWords(log: Buffer, isNativeOrder: boolean): Uint32Array {
  const length = log.length - (log.length % WORD);
  const bytes =
    isNativeOrder && log.byteOffset % WORD === 0
      ? log.subarray(0, length)
      : Buffer.from(new Uint8Array(log.subarray(0, length)).buffer);
  if (!isNativeOrder) bytes.swap32();
  return new Uint32Array(bytes.buffer, bytes.byteOffset, length / WORD);
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

  /**
   * Follows the chain of checksums. Returns the last intact frame, the last that ends an intact
   * commit, and the intact commits.
   */
  follow(): {
    readonly intact: number;
    readonly committed: number;
    readonly history: LogHistory | undefined;
  } {
    const history = new LogHistory();
    const sum = new WalChecksum();
    sum.add(this.#words, { from: 0, bytes: HEADER.checksum });
    let committed = 0;
    let frame = 1;
    for (; frame <= this.#count && this.belongs(frame); frame++) {
      const at = this.#offset(frame);
      sum.add(this.#words, { from: at, bytes: FRAME.salts });
      sum.add(this.#words, { from: at + FRAME.bytes, bytes: this.#pageSize });
      if (!sum.isAt(this.#log, at + FRAME.checksum)) break;
      const page = at + FRAME.bytes;
      history.addPage(
        this.#log.readUInt32BE(at + FRAME.page),
        this.#log.subarray(page, page + this.#pageSize),
      );
      if (!this.#isCommit(frame)) continue;
      committed = frame;
      history.endCommit();
    }
    return { intact: frame - 1, committed, history: committed > 0 ? history : undefined };
  }

  /** Returns the first two frames, from this one on, that end a commit of this log. */
  commitsFrom(frame: number): readonly number[] {
    const found: number[] = [];
    for (; frame <= this.#count && found.length < 2; frame++)
      if (this.belongs(frame) && this.#isCommit(frame)) found.push(frame);
    return found;
  }

  /**
   * Returns whether a frame exists and has the salts of this log. Older frames lie behind it, from
   * before the log restarted.
   */
  belongs(frame: number): boolean {
    if (frame > this.#count) return false;
    const at = this.#offset(frame);
    if (this.#log.readUInt32BE(at + FRAME.page) === 0) return false;
    const salts = this.#log.subarray(HEADER.salts, HEADER.salts + SALTS);
    return salts.equals(this.#log.subarray(at + FRAME.salts, at + FRAME.salts + SALTS));
  }

  #isCommit(frame: number): boolean {
    return this.#log.readUInt32BE(this.#offset(frame) + FRAME.pagesAfterCommit) > 0;
  }

  #offset(frame: number): number {
    return HEADER.bytes + (frame - 1) * (FRAME.bytes + this.#pageSize);
  }
}

/** Returns how many frames the index counts as flushed; 0 if it is not the index of this log. */
function flushedFrames(index: Buffer, log: Buffer): number {
  const header = index.subarray(0, INDEX.bytes);
  const copy = index.subarray(INDEX.bytes, 2 * INDEX.bytes);
  if (index.length < 2 * INDEX.bytes || !header.equals(copy)) return 0;
  const salts = log.subarray(HEADER.salts, HEADER.salts + SALTS);
  if (!salts.equals(header.subarray(INDEX.salts, INDEX.salts + SALTS))) return 0;
  const words = new Uint32Array(new Uint8Array(header).buffer);
  const sum = new WalChecksum();
  sum.add(words, { from: 0, bytes: INDEX.checksum });
  const isIntact = sum.equals(words[INDEX.checksum / WORD], words[INDEX.checksum / WORD + 1]);
  return isIntact ? (words[INDEX.frames / WORD] ?? 0) : 0;
}

/** The checksum of SQLite's logs. */
class WalChecksum {
  #first = 0;
  #second = 0;

  /** Adds bytes, eight at a time. */
  add(
    words: Uint32Array,
    { from, bytes }: { readonly from: number; readonly bytes: number },
  ): void {
    let [first, second] = [this.#first, this.#second];
    const [begin, end] = [from / WORD, (from + bytes) / WORD];
    for (let at = begin; at < end; at += 2) {
      first = (first + (words[at] as number) + second) | 0;
      second = (second + (words[at + 1] as number) + first) | 0;
    }
    this.#first = first;
    this.#second = second;
  }

  isAt(log: Buffer, at: number): boolean {
    return this.equals(log.readUInt32BE(at), log.readUInt32BE(at + WORD));
  }

  equals(first: number | undefined, second: number | undefined): boolean {
    return this.#first >>> 0 === first && this.#second >>> 0 === second;
  }
}
