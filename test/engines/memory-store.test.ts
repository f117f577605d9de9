import { memory } from "../../src/engines/embedded/memory.ts";
import { storeCases } from "./store-cases.ts";

storeCases("memory()", () => {
  const store = memory();
  return () => store;
});
