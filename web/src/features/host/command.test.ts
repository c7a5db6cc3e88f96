import { expect, it } from "vitest";
import { commandIn } from "./command";

it("finds the command line of a fix", () => {
  expect(commandIn("forgather tb install")).toEqual({ command: "forgather tb install", rest: "" });
  expect(commandIn("systemctl edit user@.service: [Service] Delegate=pids cpu")).toEqual({
    command: "systemctl edit user@.service",
    rest: "[Service] Delegate=pids cpu",
  });
  expect(commandIn("needs BPF: the system manager, and a kernel that lets it")).toBe(null);
});
