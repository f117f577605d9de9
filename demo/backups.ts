import { stateful, value } from "../src/index.ts";

/** The backups that a target has had; its id is made of the target's path. */
export const backups = stateful("demo/backups", {
  state: {
    /** The folder that is kept there. */
    folder: value(""),
    /** Number of the latest backup, from 1. */
    run: value(0),
    /** Whether that one is still to be finished. */
    running: value(false),
  },
  handlers: {
    /** Begins the next backup, unless one is still to be finished: the number of the one that goes on. */
    begin(ctx, folder: string): number {
      if (!ctx.state.running) {
        ctx.state.folder = folder;
        ctx.state.run++;
        ctx.state.running = true;
      }
      return ctx.state.run;
    },
    /** Ends a backup, so that the next start makes a new one. */
    end(ctx, run: number): void {
      if (ctx.state.run === run) ctx.state.running = false;
    },
  },
});
