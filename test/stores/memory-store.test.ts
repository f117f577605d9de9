import { memory } from "../../src/stores/memory/memory.ts";
import { storeCases } from "./support/store-cases.ts";

storeCases("memory()", () => {
  const store = memory();
  return () => store;
});
