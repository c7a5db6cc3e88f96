import { expect, it } from "vitest";
import type { Job } from "../api/types";
import { listed } from "./listing";
import { shown } from "./state";

function job(part: Partial<Job>): Job {
  return {
    queue_id: "q_1_00000000",
    title: "tiny",
    status: "running",
    submitted_at: 1,
    config: "tensorboard:6006",
    output_dir: "/runs/tiny",
    job_params: { logdir: "/runs/tiny", port: 6006 },
    stop_requested: false,
    waits_for: null,
    started_at: 100,
    ready_at: 110,
    finished_at: null,
    exit_code: null,
    signal: null,
    error: null,
    port: 6006,
    ...part,
  } as Job;
}

const JOBS = [
  job({ queue_id: "done", status: "done", submitted_at: 5, finished_at: 50 }),
  job({ queue_id: "old", submitted_at: 1 }),
  job({ queue_id: "waits", status: "queued", submitted_at: 3 }),
  job({ queue_id: "new", status: "sleeping", submitted_at: 2, title: "Big model" }),
];
const ids = (jobs: readonly Job[]): string => jobs.map((one) => one.queue_id).join(" ");

it("active first, then what waits, then what ended; the newest of each first", () => {
  expect(ids(listed(JOBS, "all", "", "activity"))).toBe("new old waits done");
});

it("filters by state and by words", () => {
  expect(ids(listed(JOBS, "active", "", "oldest"))).toBe("old new");
  expect(ids(listed(JOBS, "ended", "", "newest"))).toBe("done");
  expect(ids(listed(JOBS, "all", "MODEL big", "newest"))).toBe("new");
  expect(ids(listed(JOBS, "all", "nothing of the kind", "newest"))).toBe("");
});

it("says the state as a person would", () => {
  expect(shown(job({ status: "starting" }), 103)).toEqual({ word: "starting", tone: "busy", more: "3 s" });
  expect(shown(job({}), 175).more).toBe("for 1 min");
  expect(shown(job({ stop_requested: true }), 175).word).toBe("stopping");
  expect(shown(job({ status: "failed", finished_at: 100, error: "port 6006 was taken", exit_code: 255 }), 160).more).toBe(
    "port 6006 was taken, 1 min ago",
  );
  expect(shown(job({ status: "failed", finished_at: 100, signal: 9 }), 105).more).toBe("signal 9, 5 s ago");
  const waits = "port 6006 is held by q_1700000000000_deadbeef (sample runs)";
  expect(shown(job({ status: "queued", waits_for: waits }), 1).more).toBe("waits: port 6006 is held by sample runs");
});
