import { test } from "vitest";
import { everyCommit } from "./every-commit.ts";
import * as scenarios from "./cancel-scenarios.ts";

for (const [name, make] of Object.entries(scenarios)) {
  test(
    name,
    async () => {
      const t = performance.now();
      const { commits } = await everyCommit<unknown>(make);
      console.log(name, commits, performance.now() - t);
    },
    60000,
  );
}
