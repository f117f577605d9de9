import { setPriority } from "node:os";

/** A process of this priority gets about a third of the processor time of one of the usual priority. */
const LOWER = 5;

// The tests of this process, and the programs that it starts, give way to tests that compare instants.
setPriority(LOWER);
