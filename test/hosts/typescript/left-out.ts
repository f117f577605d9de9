// Calls that leave an input out.
import { embedded, memory, NEW_STATE } from "handback";
import { byDefault, counter, optional, withOptions } from "./definitions.ts";
const engine = await embedded({ functions: [byDefault, counter], store: memory() });
const { client } = engine;
export const counted: number[] = [
  await client.call(byDefault),
  await client.call(byDefault, 3),
  await client.call(optional),
  await client.call(withOptions),
];
export const increased: number = await client.call(counter.increase, undefined, { id: NEW_STATE });
