import { onTestFinished, vi } from "vitest";

/** Runs an example and returns the lines that it prints. */
export async function printed(run: () => Promise<unknown>): Promise<readonly string[]> {
  const lines: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((...values) => {
    lines.push(
      values.map((value) => (typeof value === "string" ? value : JSON.stringify(value))).join(" "),
    );
  });
  onTestFinished(() => log.mockRestore());
  await run();
  return lines;
}
