/**
 * Gives native functions frames of their own in a CPU profile, which would count them as time of who calls them: loaded
 * before all else (`--import`), in each thread. A wrapper takes some tens of ns a call, which the profile shows with the rest.
 */
import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import sqlite from "node:sqlite";
import { runInThisContext } from "node:vm";
import threads from "node:worker_threads";

type Wrap = (native: unknown) => unknown;

/** Words of a statement that tell it from the others. */
const SHOWN_SQL = 60;

/** Puts a function with a place of its own where a native one was. */
function wrap(owner: object, name: string, place: string): void {
  const native: unknown = Reflect.get(owner, name);
  if (typeof native !== "function")
    throw new Error(`expected a function ${name} to be wrapped as ${place}, got ${typeof native}`);
  Reflect.set(owner, name, wrapperAt(name, place)(native));
}

/** A profile knows functions by where their text is, so each wrapper is a text in a file of its own, which does not exist. */
function wrapperAt(name: string, place: string): Wrap {
  const text = `(native) => function ${name}(...args) { return Reflect.apply(native, this, args); }`;
  return runInThisContext(text, { filename: place }) as Wrap;
}

/** Statements are named by their text, so that each kind is seen by itself. */
function wrapStatements(): void {
  const { prototype } = sqlite.DatabaseSync;
  const prepare: unknown = Reflect.get(prototype, "prepare");
  if (typeof prepare !== "function")
    throw new Error("expected DatabaseSync to have a method prepare");
  Reflect.set(
    prototype,
    "prepare",
    function (this: unknown, sql: string, ...options: unknown[]): object {
      const statement = Reflect.apply(prepare, this, [sql, ...options]) as object;
      const place = `sqlite:${sql.replaceAll(/\s+/g, " ").trim().slice(0, SHOWN_SQL)}`;
      for (const method of ["run", "get", "all", "iterate"]) wrap(statement, method, place);
      return statement;
    },
  );
  wrap(prototype, "exec", "sqlite:exec");
}

wrapStatements();
for (const method of ["parse", "stringify"]) wrap(JSON, method, "json:");
for (const method of ["hash", "createHash", "randomBytes"]) wrap(crypto, method, "crypto:");
for (const owner of [threads.Worker.prototype, threads.MessagePort.prototype])
  wrap(owner, "postMessage", "transfer:");
wrap(threads, "receiveMessageOnPort", "transfer:");
wrap(Atomics, "wait", "wait:");
syncBuiltinESMExports();
