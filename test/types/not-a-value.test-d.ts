// A future is not its value. Checked by tsc; never run.
/* oxlint-disable -- wrong programs, on purpose */
import type { Future } from "../../src/futures/types/future.ts";

declare const count: Future<number>;
declare const names: Future<string[]>;
declare function greet(name: string): string;

// @ts-expect-error -- a future is no number
void (count + 1);
// @ts-expect-error -- a future is no number
void (count * 2);
// @ts-expect-error -- a future cannot be compared
void (count < 2);
// @ts-expect-error -- a future never equals a number
void (count === 2);
// @ts-expect-error -- a future is not iterable
void [...names];
// @ts-expect-error -- a future is not iterable
for (const name of names) greet(name);
// @ts-expect-error -- a future has no elements
void names[0];
// @ts-expect-error -- a future of a text is no text
greet(names);
// @ts-expect-error -- a future has no value
void count.value;
// @ts-expect-error -- a future has no then
void count.then(greet);
