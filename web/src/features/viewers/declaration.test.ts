import { describe, expect, it } from "vitest";
import { argsOf, edited, nameOf } from "./declaration";

it("declares all params, and the priority unless it is 0", () => {
  expect(argsOf({ logdir: "/runs", port: 6010 }, "0")).toEqual({ logdir: "/runs", port: 6010 });
  expect(argsOf({ logdir: "/runs" }, " -3 ")).toEqual({ logdir: "/runs", priority: -3 });
});

describe("edited", () => {
  const declared = { logdir: "~/runs", idle_timeout: "2h", tasks_max: 50 };
  const before = { logdir: "~/runs", idle_timeout: 7200 };

  it("keeps everything if nothing changed", () => expect(edited(declared, before, { ...before })).toEqual(declared));

  it("changes only edited args", () =>
    expect(edited(declared, before, { ...before, idle_timeout: 60, port: 6010 })).toEqual({
      logdir: "~/runs",
      idle_timeout: 60,
      tasks_max: 50,
      port: 6010,
    }));

  it("removes emptied args", () =>
    expect(edited(declared, before, { logdir: "~/runs" })).toEqual({ logdir: "~/runs", tasks_max: 50 }));

  it("recognizes an unchanged list", () =>
    expect(edited({ watch: ["/a"] }, { watch: ["/a"] }, { watch: ["/a"] })).toEqual({ watch: ["/a"] }));
});

it.each([
  ["Tiny llama, wide", "tiny-llama-wide"],
  ["tiny: log_2026-10-27", "tiny-log_2026-10-27"],
  ["_Été_", "t"],
  ["...", ""],
  ["a".repeat(39) + " b", "a".repeat(39)],
])("a name for %s", (title, name) => expect(nameOf(title)).toBe(name));
