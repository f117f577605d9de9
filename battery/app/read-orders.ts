import { createInterface } from "node:readline";
import type { Orders, Setting } from "../ledger/orders.ts";

/** Callbacks for the input. */
interface Reading {
  /** Called when the sender of the orders is gone. */
  readonly orElse: () => void;
  /** Called when the clock has to be set. */
  readonly onSetting: (setting: Setting) => void;
}

/**
 * Reads the orders of this process, then keeps listening. The open input does not keep the process
 * alive.
 */
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
