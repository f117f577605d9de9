/** An event of a stream of server-sent events. */
export interface ReceivedEvent {
  /** The last id so far. */
  readonly id: string | undefined;
  /** Name of the event. */
  readonly event: string;
  readonly data: string;
}

/** Reads server-sent events from text that comes in pieces, as browsers do. */
export class ServerEvents {
  #rest = "";
  #isFirst = true;
  #isHalf = false;
  #id: string | undefined;
  #event = "";
  #data: string[] = [];

  /** Takes a piece. Returns the events that it completes. */
  take(piece: string): readonly ReceivedEvent[] {
    if (!this.#isFirst && !this.#isHalf && !/[\r\n]/.test(piece)) {
      // To look at the pieces before would cost their whole length again.
      this.#rest += piece;
      return [];
    }
    let text = this.#rest + piece;
    if (this.#isFirst && text !== "") {
      this.#isFirst = false;
      if (text.startsWith("\uFEFF")) text = text.slice(1);
    }
    // The second half of a line end may come with the next piece.
    this.#isHalf = text.endsWith("\r");
    const lines = (this.#isHalf ? text.slice(0, -1) : text).split(/\r\n|\r|\n/);
    this.#rest = (lines.pop() ?? "") + (this.#isHalf ? "\r" : "");
    return lines.flatMap((line) => this.#takeLine(line));
  }

  #takeLine(line: string): readonly ReceivedEvent[] {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    const [name, rest] = colon < 0 ? [line, ""] : [line.slice(0, colon), line.slice(colon + 1)];
    const value = rest.startsWith(" ") ? rest.slice(1) : rest;
    if (name === "data") this.#data.push(value);
    else if (name === "event") this.#event = value;
    else if (name === "id" && !value.includes("\0")) this.#id = value;
    return [];
  }

  #dispatch(): readonly ReceivedEvent[] {
    const { length } = this.#data;
    const event = { id: this.#id, event: this.#event || "message", data: this.#data.join("\n") };
    this.#event = "";
    this.#data = [];
    return length === 0 ? [] : [event];
  }
}
