import { onTestFinished, vi } from "vitest";

/** Runs an example as its file is run, and gives the lines that it prints. */
export async function printed(run: () => Promise<unknown>): Promise<readonly string[]> {
  const lines: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((...said) => {
    lines.push(
      said.map((each) => (typeof each === "string" ? each : JSON.stringify(each))).join(" "),
    );
  });
  onTestFinished(() => log.mockRestore());
  await run();
  return lines;
}
