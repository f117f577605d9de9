/**
 * Numbers and texts, in the order in which they will be read. One string and one array pass between
 * threads much faster than the objects that they encode.
 */
export interface Packed {
  readonly numbers: Float64Array<ArrayBuffer>;
  /** The texts, joined. Several chunks, because the length of a string is limited. */
  readonly chunks: readonly string[];
}

/** Length in characters at which a chunk is closed. */
const CHUNK = 1 << 20;
/** The length of a text that is absent. */
const ABSENT = -1;

/** Packs numbers and texts. */
export class Packer {
  #numbers = new Float64Array(1 << 10);
  #count = 0;
  readonly #chunks: string[] = [];
  #texts: string[] = [];
  #length = 0;

  number(value: number): void {
    if (this.#count === this.#numbers.length) this.#grow();
    this.#numbers[this.#count++] = value;
  }

  text(value: string | undefined): void {
    this.number(value === undefined ? ABSENT : value.length);
    if (value === undefined) return;
    this.#texts.push(value);
    this.#length += value.length;
    if (this.#length >= CHUNK) this.#closeChunk();
  }

  pack(): Packed {
    this.#closeChunk();
    return { numbers: this.#numbers.slice(0, this.#count), chunks: this.#chunks };
  }

  #closeChunk(): void {
    this.#chunks.push(this.#texts.join(""));
    this.#texts = [];
    this.#length = 0;
  }

  #grow(): void {
    const grown = new Float64Array(2 * this.#numbers.length);
    grown.set(this.#numbers);
    this.#numbers = grown;
  }
}

/** Reads the output of a {@link Packer}, in the same order. */
export class Unpacker {
  readonly #packed: Packed;
  #number = 0;
  #chunk = 0;
  #at = 0;
  #start = { chunk: 0, at: 0 };

  constructor(packed: Packed) {
    this.#packed = packed;
  }

  /** Marks the start of a row for {@link row}. */
  startRow(): void {
    this.#start = { chunk: this.#chunk, at: this.#at };
  }

  /**
   * Returns all texts read since the start of the row, joined. They lie side by side, so this is
   * nearly always a slice.
   */
  row(): string {
    const { chunk, at } = this.#start;
    const { chunks } = this.#packed;
    if (chunk === this.#chunk) return chunks[chunk]?.slice(at, this.#at) ?? "";
    const first = chunks[chunk]?.slice(at) ?? "";
    const between = chunks.slice(chunk + 1, this.#chunk).join("");
    const last = chunks[this.#chunk]?.slice(0, this.#at) ?? "";
    return first + between + last;
  }

  number(): number {
    return this.#packed.numbers[this.#number++] ?? Number.NaN;
  }

  text(): string | null {
    const length = this.number();
    if (length === ABSENT) return null;
    if (this.#at === this.#packed.chunks[this.#chunk]?.length && length > 0) {
      this.#chunk++;
      this.#at = 0;
    }
    return this.#packed.chunks[this.#chunk]?.slice(this.#at, (this.#at += length)) ?? null;
  }
}
