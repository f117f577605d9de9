import { silentLog } from "handback/engine";
import { statefun } from "handback/statefun";
import type { ClusterEgress } from "handback/statefun";
import { expect, test } from "vitest";

/** An egress of a test, which hands a record to all its readers. */
class Records implements ClusterEgress {
  readonly type = "test/replies";
  readonly #readers = new Set<Parameters<ClusterEgress["receive"]>[0]>();

  get readers(): number {
    return this.#readers.size;
  }

  receive(read: Parameters<ClusterEgress["receive"]>[0]): () => void {
    this.#readers.add(read);
    return () => this.#readers.delete(read);
  }

  deliver(typename: string, text: string): void {
    for (const read of this.#readers) read({ typename, bytes: new TextEncoder().encode(text) });
  }
}

const LETTER = JSON.stringify({
  id: "1",
  operation: "call",
  target: { type: "shop/fails", id: "1" },
  failure: { name: "Error", message: "no" },
  at: 0,
});

function open(onDeadLetter: (letter: unknown) => void) {
  const egress = new Records();
  const errors: string[] = [];
  const log = { ...silentLog, error: (message: string) => void errors.push(message) };
  const engine = statefun({ ingress: { send: async () => undefined }, egress, log, onDeadLetter });
  return { egress, errors, engine };
}

test("replies and dead letters are read by one reader, which `close` stops", async () => {
  const letters: unknown[] = [];
  const { egress, engine, errors } = open((letter) => letters.push(letter));
  expect(egress.readers).toBe(1);
  egress.deliver("handback/dead-letter", LETTER);
  egress.deliver("test/other", "no letter");
  await new Promise(setImmediate);
  expect(errors).toEqual([]);
  expect(letters).toMatchObject([{ id: "1", target: { type: "shop/fails" } }]);
  engine.close();
  expect(egress.readers).toBe(0);
});

test.each<[string, (letter: unknown) => unknown, string]>([
  ["that throws", () => thrown(), LETTER],
  ["that rejects", async () => thrown(), LETTER],
  ["that gets a damaged record", () => undefined, "{"],
])("`onDeadLetter` %s is logged, and harms no reader", async (_, onDeadLetter, record) => {
  const { egress, errors } = open(onDeadLetter);
  egress.deliver("handback/dead-letter", record);
  await new Promise(setImmediate);
  expect(errors).toEqual(["a dead letter could not be reported"]);
});

function thrown(): never {
  throw new Error("no");
}
