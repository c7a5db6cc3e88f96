import { expect, it } from "vitest";
import { output } from "./line";
import { droppedMark } from "./marks";

it("a line ends where the journal's ended", () => {
  expect(output({ text: "step 1", ends: true, time: 0 })).toBe("step 1\r\n");
  expect(output({ text: "50%", ends: false, time: 0 })).toBe("50%");
});

it("bytes that are no UTF-8 come as they were", () => {
  const line = { text: "\ufffd", ends: true, time: 0, base64: btoa("\xff\x01") };
  expect(output(line)).toEqual(Uint8Array.from([255, 1, 13, 10]));
});

it("says how much is missing", () => {
  expect(droppedMark(1)).toContain("journald dropped 1 line ");
  expect(droppedMark(12)).toContain("journald dropped 12 lines ");
});
