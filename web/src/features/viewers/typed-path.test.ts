import { expect, it } from "vitest";
import { commentOn, withHome } from "./typed-path";

it("comments on paths that cannot be meant", () => {
  expect(commentOn("output_models")).toContain("full path");
  expect(commentOn("./runs")).toContain("full path");
  expect(commentOn("/")).toContain("whole machine");
  for (const path of ["", "/runs", "~", "~/runs"]) expect(commentOn(path), path).toBe(null);
});

it("replaces ~ by the home", () => {
  expect(withHome("~/runs", "/home/u")).toBe("/home/u/runs");
  expect(withHome("~/runs", undefined)).toBe("~/runs");
  expect(withHome("~other/runs", "/home/u")).toBe("~other/runs");
});
