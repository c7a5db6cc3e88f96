import { expect, it } from "vitest";
import { piecesOf } from "./command";

const shape = (fix: string): string[] => piecesOf(fix).map(({ kind, text }) => `${kind}: ${text}`);

it("finds the command lines of a fix", () => {
  expect(shape("forgather tb install")).toEqual(["command: forgather tb install"]);
  expect(shape("systemctl edit user@.service: [Service] Delegate=pids cpu")).toEqual([
    "command: systemctl edit user@.service",
    "setting: [Service] Delegate=pids cpu",
  ]);
  expect(shape("mkdir -p /var/log/journal && systemctl restart systemd-journald")).toEqual([
    "command: mkdir -p /var/log/journal && systemctl restart systemd-journald",
  ]);
});

it("separates a command line from the sentence around it", () => {
  expect(shape("log in as yourself, or loginctl enable-linger alice; without systemd: forgather sandbox run -- CMD (as root)")).toEqual([
    "text: log in as yourself, or",
    "command: loginctl enable-linger alice",
    "text: without systemd:",
    "command: forgather sandbox run -- CMD",
    "text: (as root)",
  ]);
  expect(shape("usermod --append --groups systemd-journal $(id -un), then log out completely and in again")).toEqual([
    "command: usermod --append --groups systemd-journal $(id -un)",
    "text: then log out completely and in again",
  ]);
});

it("leaves a sentence as it is", () => {
  expect(shape("needs BPF: the system manager, and a kernel that lets it")).toEqual([
    "text: needs BPF: the system manager, and a kernel that lets it",
  ]);
});
