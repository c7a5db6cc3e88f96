import { expect, it } from "vitest";
import type { Project } from "../../shared/api/types";
import { pathOf } from "./loss-curve";
import { itemsOf } from "./tree-items";

const PROJECTS = [
  { project_dir: "/p/tiny", name: "Tiny", configs: [{ name: "a.yaml" }, { name: "b.yaml" }] },
  { project_dir: "/p/big", name: "Big", configs: [{ name: "adamw.yaml" }] },
] as Project[];
const keys = (opened: string[], text: string): string[] => itemsOf(PROJECTS, new Set(opened), text).map((item) => item.key);

it("shows the configs of an open project", () => {
  expect(keys([], "")).toEqual(["/p/tiny", "/p/big"]);
  expect(keys(["/p/tiny"], "")).toEqual(["/p/tiny", "/p/tiny\na.yaml", "/p/tiny\nb.yaml", "/p/big"]);
});

it("a filter opens the projects of matching configs", () => {
  expect(keys([], "adamw")).toEqual(["/p/big", "/p/big\nadamw.yaml"]);
  expect(keys([], "TINY")).toEqual(["/p/tiny"]);
  expect(keys([], "none")).toEqual([]);
});

it("draws no curve for a single point, and skips NaN", () => {
  expect(pathOf([[1, 2]])).toBeNull();
  expect(pathOf([[1, NaN], [2, 3]])).toBeNull();
  expect(pathOf([[0, 4], [1, NaN], [2, 1]])).toBe("M2.0 2.0L118.0 26.0");
  expect(pathOf([[0, 1], [1, 1]])).toBe("M2.0 26.0L118.0 26.0");
});
