import { copyFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { decodeContent } from "../../src/core/state/content.ts";
import type { Json } from "../../src/core/data/json.ts";
import { defineAll } from "../../src/futures/run/registry.ts";
import * as patternFlows from "./pattern-flows.ts";
import * as rareFlows from "./rare-flows.ts";

/** The pattern that made each function. */
const PATTERNS: Readonly<Record<string, string>> = {
  steps: "chain",
  modes: "chain",
  tapped: "chain",
  chosen: "chain",
  nested: "chain",
  attempt: "chain",
  kept: "chain",
  spread: "fan-out",
  window: "fan-out",
  enough: "fan-out",
  inner: "fan-out",
  pages: "fan-out",
  watch: "monitor",
  resting: "monitor",
  rounds: "repeat",
  attempts: "retry",
  trip: "saga",
  undoing: "saga",
  limited: "timeout",
  "inner-hold": "timeout",
  batch: "aggregator",
  judged: "retry",
  rounding: "repeat",
  reported: "fan-out",
  splitting: "fan-out",
  "hold-list": "chain",
  approve: "approval",
};

const FUNCTIONS = [
  ...patternFlows.functionsOf("escalation", false),
  ...rareFlows.functionsOf(false),
];

/** All stored names in the golden stores, read from their tables. */
const found = readStores();

/** System functions of later releases than those that wrote the stores. */
const NEWER = new Set([
  "_sys/all",
  "_sys/first",
  "_sys/signal-keys",
  "_sys/secret",
  "_sys/process",
  "_sys/kept-event",
  "_sys/paused-call",
  "_sys/pause",
]);

/** Values of later releases. `requests` is written on clusters only. */
const NEWER_VALUES = new Set(["_sys/flow.requests", "_sys/flow.input"]);

test("the golden stores hold every value of every system function", () => {
  const definitions = [...defineAll([]).values()].filter(({ type }) => !NEWER.has(type));
  const all = definitions.flatMap(({ type, valueNames }) =>
    valueNames
      .map((name) => withoutNumber(`${type}.${name}`))
      .filter((name) => !NEWER_VALUES.has(name)),
  );
  expect(found.systemValues).toEqual(new Set(all));
  // A timer has no values. Its messages are stored.
  const named = [...found.systemValues, ...found.systemMessages].map((name) => name.split(".")[0]);
  expect(new Set(named)).toEqual(new Set(definitions.map(({ type }) => type)));
});

/**
 * A system function runs in the batch that caused its message, so only messages with a due time are stored. Those of cells (create,
 * gate, subscribe, settle, settleByToken, release, cancel, turn, trace), flows (start, query, signal, cancel, purge, settle, bill,
 * unhandled, status, queue), joins and races (open, slot), waits (open, tick) and events (wait, signal, over) never are.
 */
test("the golden stores hold every system message that can be stored", () => {
  expect(found.systemMessages).toEqual(
    new Set(["_sys/timer.due", "_sys/wait.timeout", "_sys/cell.expire"]),
  );
});

test("the golden stores hold every kind of consumer with every field", () => {
  expect(found.consumerKinds).toEqual(
    new Set(["answer", "call", "cell", "flow", "race", "slot", "tick"]),
  );
  // `cancelled` is set on a call that is sent at once. `position` is used by a decided wait, for cells that are settled already.
  expect(found.consumerFields).toEqual(
    new Set(
      "to id index key want spill tally parked target caller name before after consumers flow scope oneWay delayMs creates reply settles".split(
        " ",
      ),
    ),
  );
  expect(found.wants).toEqual(new Set(["settlement", "completion"]));
});

test("the golden stores hold messages with every field that can be stored", () => {
  // `creates`, `settles` and `cancelled` are on calls that run at once, `counted` on calls withdrawn from a running handler.
  expect(found.controls).toEqual(
    new Set(
      "consumers flow startedAt oneWay retries reply incomplete redriven failures settled".split(
        " ",
      ),
    ),
  );
  expect(found.heads).toEqual(new Set(["caller", "scope", "own scope", "token"]));
});

test("the golden stores hold every value of every pattern that can be parked", () => {
  const missing = [...defineAll(FUNCTIONS).values()]
    .flatMap(({ type, valueNames }) => valueNames.map((name) => `${type}.${name}`))
    .map(nameInPattern)
    .filter((name) => name !== undefined && !found.patternValues.has(name));
  expect(new Set(missing)).toEqual(
    new Set([
      // The completion reason ends the workers, and their end deletes the window.
      "window.verdict",
      // It is kept only until the next message to the same state.
      "approval.ended",
      // Version 1 wrote the approvals, and version 1 is not stored.
      "approval.@version",
      // Newer than the golden stores.
      "aggregator.grouping",
      "window.key",
    ]),
  );
});

test("the golden stores hold every stage of every pattern that can wait", () => {
  const all = [...defineAll(FUNCTIONS).keys()].map(stageOf).filter((stage) => stage !== undefined);
  const missing = all.filter((stage) => !found.stages.has(stage));
  // These two wait only for states of the fan-out, which answer at once.
  expect(new Set(missing)).toEqual(new Set(["fan-out.start", "fan-out.conclude"]));
  expect(all).toEqual(expect.arrayContaining([...found.stages]));
});

test("the golden stores hold every operation of a pattern that waits or has a due time", () => {
  expect(found.operations).toEqual(
    new Set(["aggregator.due", "approval.due", "approval.conclude", "fan-out.next"]),
  );
});

interface Found {
  readonly systemValues: Set<string>;
  readonly systemMessages: Set<string>;
  readonly patternValues: Set<string>;
  readonly consumerKinds: Set<string>;
  readonly consumerFields: Set<string>;
  readonly wants: Set<string>;
  readonly controls: Set<string>;
  readonly heads: Set<string>;
  readonly stages: Set<string>;
  readonly operations: Set<string>;
}

function readStores(): Found {
  const folder = mkdtempSync(join(tmpdir(), "handback-golden-"));
  const read: Found = {
    systemValues: new Set(),
    systemMessages: new Set(),
    patternValues: new Set(),
    consumerKinds: new Set(),
    consumerFields: new Set(),
    wants: new Set(),
    controls: new Set(),
    heads: new Set(),
    stages: new Set(),
    operations: new Set(),
  };
  for (const name of readdirSync(import.meta.dirname).filter((file) => file.endsWith(".db"))) {
    const file = join(folder, name);
    copyFileSync(join(import.meta.dirname, name), file);
    const database = new DatabaseSync(file, { readOnly: true });
    readStates(database, read);
    readMessages(database, read);
    database.close();
  }
  rmSync(folder, { recursive: true, force: true });
  return read;
}

function readStates(database: DatabaseSync, read: Found): void {
  for (const row of database.prepare("SELECT type, name, value FROM state").all()) {
    const [type, name] = [String(row["type"]), String(row["name"])];
    if (isSystem(type)) read.systemValues.add(withoutNumber(`${type}.${name}`));
    const inPattern = nameInPattern(`${type}.${name}`);
    if (inPattern !== undefined) read.patternValues.add(inPattern);
    const stage = stageOf(type);
    if (stage !== undefined) read.stages.add(stage);
    const { json } = decodeContent(String(row["value"]));
    if (isSystem(type) && json !== undefined) readConsumers(json, read);
  }
}

function readMessages(database: DatabaseSync, read: Found): void {
  const rows = database
    .prepare(
      "SELECT head, NULL AS token FROM message UNION ALL SELECT head, token FROM delayed UNION ALL SELECT head, NULL FROM dead",
    )
    .all();
  for (const row of rows) {
    const [, type, , name, control, scope, caller] = JSON.parse(String(row["head"])) as [
      number,
      string,
      string | 0,
      string,
      Json,
      string | 0 | null,
      string?,
    ];
    if (isSystem(type)) read.systemMessages.add(`${type}.${name}`);
    if (row["token"] !== null) read.heads.add("token");
    if (caller !== undefined) read.heads.add("caller");
    if (scope !== null) read.heads.add(scope === 0 ? "own scope" : "scope");
    for (const key of Object.keys(control ?? {})) read.controls.add(key);
    addCall(type, name, read);
    readConsumers(control, read);
  }
}

/** Finds the consumers in the JSON of the system, at every depth. */
function readConsumers(json: Json, read: Found): void {
  if (typeof json !== "object" || json === null) return;
  if (!Array.isArray(json)) readConsumer(json as Readonly<Record<string, Json>>, read);
  for (const each of Object.values(json)) if (each !== undefined) readConsumers(each, read);
}

function readConsumer(fields: Readonly<Record<string, Json>>, read: Found): void {
  const { to, want, target } = fields;
  if (typeof to !== "string") return;
  read.consumerKinds.add(to);
  for (const field of Object.keys(fields)) read.consumerFields.add(field);
  if (typeof want === "string") read.wants.add(want);
  if (to !== "call") return;
  const type = typeof target === "string" ? target : (target as { readonly type: string }).type;
  addCall(type, fields["name"] as string, read);
}

/** Names the stage of a pattern. Returns `undefined` for other functions. */
function stageOf(type: string): string | undefined {
  const [, name = "", stage] = /^\w+\/([\w-]+)\.([a-z]+)(?:-[0-9a-f]{8})?$/.exec(type) ?? [];
  return stage === undefined ? undefined : `${PATTERNS[name] ?? name}.${stage}`;
}

/** Adds the stage of a pattern that is called, and its operation unless that is the main one. */
function addCall(type: string, name: string, read: Found): void {
  const stage = stageOf(type);
  if (stage !== undefined) read.stages.add(stage);
  const pattern = stage?.split(".")[0] ?? PATTERNS[type.slice(type.indexOf("/") + 1)];
  if (pattern !== undefined && name !== "call") read.operations.add(`${pattern}.${name}`);
}

/** Names a value of a pattern without its function and number. Returns `undefined` for other values. */
function nameInPattern(value: string): string | undefined {
  const [, name = "", part, valueName = ""] =
    /^(?:golden|rare)\/([\w-]+)(?:\.(window|page)(?:-[0-9a-f]{8})?)?\.([@\w-]+)$/.exec(value) ?? [];
  const owner = part ?? PATTERNS[name];
  if (owner === undefined || (valueName.startsWith("@") && owner !== "approval")) return undefined;
  return withoutNumber(`${owner}.${valueName}`);
}

function withoutNumber(name: string): string {
  return name.replace(/-?\d+$/, "#");
}

function isSystem(type: string): boolean {
  return type.startsWith("_sys/");
}
