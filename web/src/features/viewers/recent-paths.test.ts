import { expect, it } from "vitest";
import { addRecentPath, recentPaths } from "./recent-paths";

function storeOf(content: Record<string, string> = {}) {
  return {
    getItem: (key: string) => content[key] ?? null,
    setItem: (key: string, value: string) => {
      content[key] = value;
    },
  };
}

it("keeps the last paths of each kind, each once", () => {
  const store = storeOf();
  for (const path of ["/a", "/b", "/a"]) addRecentPath(store, "tensorboard", path);
  addRecentPath(store, "mkdocs", "/c");
  expect(recentPaths(store, "tensorboard")).toEqual(["/a", "/b"]);
  for (let number = 0; number < 20; number += 1) addRecentPath(store, "tensorboard", `/${number}`);
  expect(recentPaths(store, "tensorboard").length).toBe(8);
});

it("ignores what it did not write", () => {
  for (const stored of ["{", "1", '{"a": 1}']) expect(recentPaths(storeOf({ "forgather-recent-x": stored }), "x")).toEqual([]);
});
