import { expect, it } from "vitest";
import { kindsOfEnd } from "./ends";

it("counts each kind of end", () => {
  expect(kindsOfEnd({ done: 1200, failed: 3, aborted: 1, count: 1204 })).toBe("1,200 done, 3 failed and 1 stopped");
  expect(kindsOfEnd({ done: 0, failed: 2, aborted: 1, count: 3 })).toBe("2 failed and 1 stopped");
  expect(kindsOfEnd({ done: 0, failed: 0, aborted: 4, count: 4 })).toBe("4 stopped");
  expect(kindsOfEnd({ done: 0, failed: 0, aborted: 0, count: 0 })).toBe("none");
});
