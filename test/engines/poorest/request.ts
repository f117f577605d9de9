import type { Address } from "handback";
import { activate, decodeContent, encodeContent, formatAddress } from "handback/engine";
import type { Definition, Effects, Environment, StoredValue } from "handback/engine";
import { unpack } from "./network.ts";
import type { Parcel } from "./network.ts";

/** All values of one address as text, by name: shipped whole with every request. */
export type Values = ReadonlyMap<string, string>;

/** A request to the functions: messages for one address, in order. */
export interface Request {
  readonly target: Address;
  readonly values: Values;
  readonly batch: readonly Parcel[];
}

/** The effects of a request, to be applied as a whole or not at all. */
export interface Response {
  readonly values: Values;
  readonly effects: readonly Effects[];
}

/** Handles a request. Pure except for user code, so a lost response can be computed again. */
export async function handle(
  definition: Definition,
  { target, values, batch }: Request,
  environment: Environment,
): Promise<Response> {
  const state = new Map<string, StoredValue>();
  for (const [name, text] of values) state.set(name, parseValue(text));
  const read = (name: string): StoredValue | undefined =>
    state.get(declared(definition, target, name));
  const all: Effects[] = [];
  for (const parcel of batch) {
    const effects = await activate(definition, {
      envelope: unpack(parcel),
      state: { read },
      environment,
    });
    for (const { name, value } of effects.writes) {
      if (value === null) state.delete(declared(definition, target, name));
      else state.set(declared(definition, target, name), value);
    }
    all.push(effects);
  }
  return {
    values: new Map(Array.from(state, ([name, value]) => [name, printValue(value)])),
    effects: all,
  };
}

function declared({ valueNames }: Definition, target: Address, name: string): string {
  if (valueNames.includes(name)) return name;
  throw new Error(`${formatAddress(target)} uses the value ${name}, which it does not declare`);
}

function printValue({ content, expiresAt }: StoredValue): string {
  return `${expiresAt ?? ""}|${encodeContent(content)}`;
}

/** Decodes a value that was shipped as text. */
export function parseValue(text: string): StoredValue {
  const bar = text.indexOf("|");
  const content = decodeContent(text.slice(bar + 1));
  return bar === 0 ? { content } : { content, expiresAt: Number(text.slice(0, bar)) };
}
