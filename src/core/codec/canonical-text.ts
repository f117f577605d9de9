import type { Encoded } from "./encoded.ts";

/**
 * Returns the text of a value with the keys of its plain objects in order, so that equal inputs of
 * different clients have one text. The order of lists, Maps and Sets is part of their value, and -0
 * is not 0.
 */
export function canonicalText(text: Encoded): string {
  return text.includes("{") ? (new Reader(text).read() ?? text) : text;
}

/** Tells whether two texts are of equal values, whatever the order of keys in their objects. */
export function hasEqualValue(one: Encoded, other: Encoded): boolean {
  return one === other || canonicalText(one) === canonicalText(other);
}

const [QUOTE, COMMA, OPEN_LIST, BACKSLASH, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [
  0x22, 0x2c, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d,
];

/** A property of an object in a text. */
interface Member {
  readonly key: string;
  readonly text: string;
}

/**
 * Reads a text that a codec wrote, from its start to its end. A wide value costs a fraction of what
 * it costs to make it and to write it again.
 */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Moves over a value. Returns its canonical text, or `undefined` if that is how it is written. */
  read(): string | undefined {
    switch (this.#text.charCodeAt(this.#at)) {
      case OPEN_OBJECT:
        return this.#readObject();
      case OPEN_LIST:
        return this.#readList();
      case QUOTE:
        this.#skipString();
        return undefined;
      default:
        this.#skipWord();
        return undefined;
    }
  }

  #readList(): string | undefined {
    const start = this.#at++;
    if (this.#skipEnd(CLOSE_LIST)) return undefined;
    let [written, kept] = ["", start];
    do {
      const from = this.#at;
      const item = this.read();
      if (item === undefined) continue;
      written += this.#text.slice(kept, from) + item;
      kept = this.#at;
    } while (this.#text.charCodeAt(this.#at++) === COMMA);
    return kept === start ? undefined : written + this.#text.slice(kept, this.#at);
  }

  #readObject(): string | undefined {
    this.#at++;
    if (this.#skipEnd(CLOSE_OBJECT)) return undefined;
    const members: Member[] = [];
    let [isInOrder, isAsWritten, last] = [true, true, ""];
    do {
      const from = this.#at;
      const key = this.#readKey();
      const valueAt = ++this.#at;
      const value = this.read();
      const keyText = this.#text.slice(from, value === undefined ? this.#at : valueAt);
      members.push({ key, text: keyText + (value ?? "") });
      isAsWritten &&= value === undefined;
      isInOrder &&= last <= key;
      last = key;
    } while (this.#text.charCodeAt(this.#at++) === COMMA);
    if (isInOrder && isAsWritten) return undefined;
    // By code units.
    if (!isInOrder) members.sort((one, other) => (one.key < other.key ? -1 : 1));
    return `{${members.map(({ text }) => text).join(",")}}`;
  }

  #readKey(): string {
    const from = this.#at;
    this.#skipString();
    const text = this.#text.slice(from, this.#at);
    return text.includes("\\") ? (JSON.parse(text) as string) : text.slice(1, -1);
  }

  #skipString(): void {
    do this.#at = this.#text.indexOf('"', this.#at + 1);
    while (this.#isEscaped());
    this.#at++;
  }

  /** Tells whether an odd number of backslashes precedes. */
  #isEscaped(): boolean {
    let before = this.#at - 1;
    while (this.#text.charCodeAt(before) === BACKSLASH) before--;
    return (this.#at - before) % 2 === 0;
  }

  /** Moves over a number, or over `true`, `false` or `null`. */
  #skipWord(): void {
    for (; this.#at < this.#text.length; this.#at++) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit === COMMA || unit === CLOSE_LIST || unit === CLOSE_OBJECT) return;
    }
  }

  /** Moves over the end of an empty container. */
  #skipEnd(end: number): boolean {
    const isEmpty = this.#text.charCodeAt(this.#at) === end;
    if (isEmpty) this.#at++;
    return isEmpty;
  }
}
