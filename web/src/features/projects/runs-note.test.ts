import { expect, test } from "vitest";
import type { Run } from "../../shared/api/types";
import { runsNote } from "./runs-note";

const run: Run = { name: "a", path: "/a", last_step: 1, last_loss: 1, modified: 0, curve: [] } as unknown as Run;

test("there is no note if all runs are shown", () => {
  expect(runsNote({ runs: [run], count: 1, counted: true, complete: true })).toBe("");
});

test("the note gives the number of runs if not all are shown", () => {
  expect(runsNote({ runs: [run], count: 1312, counted: true, complete: false })).toBe("The newest 1 of 1,312 runs.");
  expect(runsNote({ runs: [run], count: 7, counted: false, complete: false })).toBe("The newest 1 of at least 7 runs.");
});

test("folders that were not searched may contain runs", () => {
  const note = runsNote({ runs: [], count: 0, counted: false, complete: false });
  expect(note).toBe("No runs found in the folders that were searched.");
});
