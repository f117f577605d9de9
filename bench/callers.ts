/** Does `call(n)` for each n from 0 to `count` - 1, at most `callers` of them at a time. */
export async function callEach(
  count: number,
  callers: number,
  call: (n: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < count) await call(next++);
  };
  await Promise.all(Array.from({ length: Math.min(callers, count) }, caller));
}

/** Has callers do `call(n)`, each again and again, until so many seconds have passed; gives how many were done, and in what time. */
export async function callFor(
  seconds: number,
  callers: number,
  call: (n: number) => Promise<void>,
): Promise<{ calls: number; seconds: number }> {
  const start = performance.now();
  let calls = 0;
  const caller = async (n: number): Promise<void> => {
    for (let next = n; performance.now() - start < seconds * 1_000; next += callers) {
      await call(next);
      calls++;
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, n) => caller(n)));
  return { calls, seconds: (performance.now() - start) / 1_000 };
}
