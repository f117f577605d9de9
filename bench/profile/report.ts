import { formatTable } from "../table.ts";
import { BUCKETS, bucketOf } from "./bucket.ts";
import type { FrameTime } from "./self-time.ts";

/** One thread of the process, and where its time went. */
export interface ThreadTimes {
  readonly thread: string;
  readonly frames: readonly FrameTime[];
}

/** What times are divided by, and how many functions are shown. */
export interface Scale {
  readonly operations: number;
  /** What one of those is called. */
  readonly one: string;
  readonly elapsedUs: number;
  readonly top: number;
}

/** Shows the time of each thread by what it was spent on: µs of one operation, and share of the whole. */
export function formatBuckets(
  threads: readonly ThreadTimes[],
  { operations, elapsedUs, one }: Scale,
): string {
  const sums = threads.map(({ frames }) => sumByBucket(frames));
  const cells = (us: number): string[] => [
    (us / operations).toFixed(2),
    `${((100 * us) / elapsedUs).toFixed(1)}%`,
  ];
  const lines = BUCKETS.filter((bucket) => sums.some((sum) => sum.has(bucket))).map((bucket) => [
    bucket,
    ...sums.flatMap((sum) => cells(sum.get(bucket) ?? 0)),
  ]);
  lines.push(["busy", ...sums.flatMap((sum) => cells(busy(sum)))]);
  return formatTable(
    ["self time", ...threads.flatMap(({ thread }) => [`${thread}, us/${one}`, "share"])],
    1,
    lines,
  );
}

/** Shows the functions in which most time was spent, whatever thread they ran on; idleness is none. */
export function formatTop(
  threads: readonly ThreadTimes[],
  { operations, top, one }: Scale,
): string {
  const lines = threads
    .flatMap(({ thread, frames }) =>
      frames.map((frame) => ({ thread, bucket: bucketOf(frame), ...frame })),
    )
    .filter(({ bucket, selfUs }) => bucket !== "idle" && selfUs > 0)
    .toSorted((one, other) => other.selfUs - one.selfUs)
    .slice(0, top)
    .map(({ thread, bucket, name, url, line, selfUs, totalUs }) => [
      name,
      placeOf(url, line),
      bucket,
      thread,
      (selfUs / operations).toFixed(3),
      (totalUs / operations).toFixed(3),
    ]);
  return formatTable(
    ["function", "place", "part", "thread", `self us/${one}`, `total us/${one}`],
    4,
    lines,
  );
}

function sumByBucket(frames: readonly FrameTime[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const frame of frames) {
    const bucket = bucketOf(frame);
    sums.set(bucket, (sums.get(bucket) ?? 0) + frame.selfUs);
  }
  return sums;
}

function busy(sums: ReadonlyMap<string, number>): number {
  return [...sums].reduce((total, [bucket, us]) => (bucket === "idle" ? total : total + us), 0);
}

/** The part of a path that says something, with the line; for native code its name alone. */
function placeOf(url: string, line: number): string {
  if (!url.startsWith("file:")) return url;
  return `${url.replace(/^.*\/(?=(src|bench|node_modules)\/)/, "")}:${line}`;
}
