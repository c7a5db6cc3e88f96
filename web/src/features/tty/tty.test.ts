import { expect, it } from "vitest";
import type { TtyOutput } from "../../shared/api/types";
import { droppedMark } from "./marks";
import { printed } from "./output";
import { plain } from "./plain";
import { TtyWindow } from "./tty-window";

it("bytes that are not UTF-8 are unchanged", () => {
  expect(printed({ text: "step 1\n" })).toBe("step 1\n");
  expect(printed({ text: "\ufffd\n", base64: btoa("\xff\x01\n") })).toEqual(Uint8Array.from([255, 1, 10]));
});

it("copied text has no escape sequences", () => {
  expect(plain("\x1b[31mred\x1b[0m\tplain\r\n\x1b]8;;http://x\x07link\x1b]8;;\x1b\\\x1b(Bend\n")).toBe("red\tplain\nlinkend\n");
});

function lines(from: number, to: number, more: Partial<TtyOutput> = {}): TtyOutput {
  const numbers = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  const text = numbers.map((number) => `${number}\n`).join("");
  return { pieces: [{ text }], first: `c${from}`, last: `c${to}`, count: numbers.length, ...more };
}

it("the window has the newest lines, and moves to older and newer ones", () => {
  const window = new TtyWindow(30, () => 80);
  window.append(lines(101, 110, { is_first: false }));
  window.append(lines(111, 120));
  window.append(lines(121, 130));
  expect([window.first, window.last, window.hasOlder, window.hasNewer]).toEqual(["c101", "c130", true, false]);
  window.append(lines(131, 140));
  expect([window.first, window.last]).toEqual(["c111", "c140"]);
  window.prepend(lines(101, 110, { is_first: false }));
  expect([window.first, window.last, window.hasNewer]).toEqual(["c101", "c130", true]);
  window.prepend(lines(91, 100, { is_first: true }));
  expect([window.first, window.last, window.hasOlder]).toEqual(["c91", "c120", false]);
  window.append(lines(121, 130, { is_last: false }));
  expect([window.first, window.hasOlder, window.hasNewer]).toEqual(["c101", true, true]);
  window.append(lines(131, 140, { is_last: true }));
  expect([window.last, window.hasNewer, window.lines]).toEqual(["c140", false, 30]);
});

it("long lines take more rows, and a remark has no cursor", () => {
  const window = new TtyWindow(10, () => 10);
  window.append({ pieces: [{ text: `${"x".repeat(75)}\n` }], first: "c1", last: "c1", count: 1, is_first: true });
  window.append({ pieces: [{ text: "-- remark --\n" }], first: null, last: null, count: 0 });
  expect([window.first, window.last, window.hasOlder]).toEqual(["c1", "c1", false]);
  window.append(lines(2, 3));
  expect([window.first, window.last, window.hasOlder]).toEqual(["c2", "c3", true]);
});

it("marks dropped lines", () => {
  expect(droppedMark(1)).toContain("journald dropped 1 line ");
  expect(droppedMark(0)).toContain("journald drops lines: its rate limit is reached");
  expect(droppedMark(12)).toContain("journald dropped 12 lines ");
});
