import type { StoredMessage } from "../../../stores/store.ts";

/** A binary heap of delayed messages, by due time and then in the order of acceptance. */
export class DueHeap {
  readonly #items: StoredMessage[] = [];

  /** Returns the message that is due first. */
  peek(): StoredMessage | undefined {
    return this.#items[0];
  }

  /** Counts the messages that are due at `now`. It looks at few others. */
  countDue(now: number): number {
    let count = 0;
    for (const left = [0]; left.length > 0;) {
      const at = left.pop() ?? 0;
      const dueAt = this.#items[at]?.dueAt;
      if (dueAt === undefined || dueAt > now) continue;
      count++;
      left.push(2 * at + 1, 2 * at + 2);
    }
    return count;
  }

  push(item: StoredMessage): void {
    this.#items.push(item);
    let at = this.#items.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#swapIfBefore(at, parent)) return;
      at = parent;
    }
  }

  /** Removes the message that is due first. */
  pop(): void {
    const last = this.#items.pop();
    if (last === undefined || this.#items.length === 0) return;
    this.#items[0] = last;
    for (let at = 0; ;) {
      const left = 2 * at + 1;
      const child = this.#isBefore(left + 1, left) ? left + 1 : left;
      if (!this.#swapIfBefore(child, at)) return;
      at = child;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [x, y] = [this.#items[a], this.#items[b]];
    if (x === undefined || y === undefined) return false;
    const [dueX, dueY] = [x.dueAt ?? 0, y.dueAt ?? 0];
    return dueX < dueY || (dueX === dueY && x.seq < y.seq);
  }

  #swapIfBefore(a: number, b: number): boolean {
    const [x, y] = [this.#items[a], this.#items[b]];
    if (x === undefined || y === undefined || !this.#isBefore(a, b)) return false;
    this.#items[a] = y;
    this.#items[b] = x;
    return true;
  }
}
