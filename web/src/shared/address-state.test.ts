import { expect, it } from "vitest";
import { withValue } from "./address-state";

it("keeps the other values of the query", () => {
  expect(withValue("state=ended&sort=name", "state", "active", "all")).toBe("state=active&sort=name");
  expect(withValue("sort=name", "filter", "a b & c", "")).toBe("sort=name&filter=a+b+%26+c");
});

it("leaves out a value that equals the fallback", () => {
  expect(withValue("state=ended&sort=name", "state", "all", "all")).toBe("sort=name");
  expect(withValue("sort=name", "sort", "activity", "activity")).toBe("");
});
