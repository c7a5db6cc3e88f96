import { describe, expect, it } from "vitest";
import { bytes } from "./bytes";
import { parseSpan, span } from "./seconds";

describe("span", () => {
  it.each([
    [0, "0 s"],
    [-3, "0 s"],
    [59.9, "59 s"],
    [60, "1 min"],
    [125, "2 min"],
    [3_600, "1 h"],
    [7_500, "2 h 5 min"],
    [90_000, "1 d 1 h"],
    [86_400 * 3, "3 d"],
  ])("%d s are %s", (seconds, text) => expect(span(seconds)).toBe(text));
});

describe("parseSpan", () => {
  it.each([
    ["900", 900],
    ["15 min", 900],
    ["15min", 900],
    ["1h 30min", 5_400],
    ["1.5 h", 5_400],
    ["2 days", 172_800],
    ["Never", "never"],
    ["", null],
    ["soon", null],
    ["5 parsecs", null],
    ["-5", null],
    ["1 h 30", null],
    ["15 min!", null],
  ])("%s", (text, seconds) => expect(parseSpan(text)).toBe(seconds));
});

describe("bytes", () => {
  it.each([
    [0, "0 B"],
    [1_023, "1023 B"],
    [1_024, "1 KiB"],
    [1_536, "1.5 KiB"],
    [327_155_712, "312 MiB"],
    [1_048_575, "1 MiB"],
    [1.4 * 1024 ** 3, "1.4 GiB"],
    [5_000 * 1024 ** 4, "5000 TiB"],
  ])("%d", (count, text) => expect(bytes(count)).toBe(text));
});
