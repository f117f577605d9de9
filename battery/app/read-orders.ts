import { createInterface } from "node:readline";
import type { Orders, Setting } from "../ledger/orders.ts";

/** What is done with what comes in. */
interface Reading {
  /** Whoever gave the orders is gone. */
  readonly orElse: () => void;
  /** The clock is to be set. */
  readonly onSetting: (setting: Setting) => void;
}

/** Reads what this process is to do, and then goes on to listen. The open input keeps no process alive. */
export function readOrders({ orElse, onSetting }: Reading): Promise<Orders> {
  const lines = createInterface(process.stdin);
  return new Promise((resolve) => {
    lines.once("line", (line) => {
      process.stdin.unref();
      lines.on("line", (later) => onSetting(JSON.parse(later) as Setting));
      resolve(JSON.parse(line) as Orders);
    });
    lines.once("close", orElse);
  });
}
