import { expect, it } from "vitest";
import type { Job } from "../../shared/api/types";
import { applicable, toggled } from "./selection";

const job = (queue_id: string, status: Job["status"], stop_requested = false): Job => ({ queue_id, status, stop_requested }) as Job;

it("offers each action for the jobs that it applies to", () => {
  const jobs = [job("a", "running"), job("b", "running", true), job("c", "queued"), job("d", "failed"), job("e", "sleeping")];
  const offered = applicable(jobs).map(([action, able]) => `${action} ${able.map((one) => one.queue_id).join("")}`);
  expect(offered).toEqual(["Kill ae", "Cancel c", "Restart d", "Remove d"]);
  expect(applicable([])).toEqual([]);
});

it("selects and deselects", () => {
  expect([...toggled(new Set(["a"]), "b")]).toEqual(["a", "b"]);
  expect([...toggled(new Set(["a", "b"]), "a")]).toEqual(["b"]);
});
