import fc from "fast-check";

// FC_RUNS sets how many cases each property tries. A failure prints its seed and path, to be given to `fc.assert` as options.
const runs = Number(process.env["FC_RUNS"] ?? 100);
if (!Number.isSafeInteger(runs) || runs < 1)
  throw new Error(`FC_RUNS must be a whole number above 0, got ${process.env["FC_RUNS"]}`);

fc.configureGlobal({ numRuns: runs });
