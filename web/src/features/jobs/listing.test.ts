import { describe, expect, it } from "vitest";
import type { Job } from "../../shared/api/types";
import { listed, orderOf, overview, withHistory } from "./listing";
import { describeState } from "../../shared/jobs/state";

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

it("lists active, then queued, then ended jobs, the newest of each first", () => {
  expect(ids(listed(JOBS, "all", "", "activity"))).toBe("new old waits done");
});

it("filters by state and by words", () => {
  expect(ids(listed(JOBS, "active", "", "oldest"))).toBe("old new");
  expect(ids(listed(JOBS, "ended", "", "newest"))).toBe("done");
  expect(ids(listed(JOBS, "all", "MODEL big", "newest"))).toBe("new");
  const stopped = job({ queue_id: "killed", status: "aborted", finished_at: 60 });
  expect(ids(listed([...JOBS, stopped], "all", "stopped", "newest"))).toBe("killed");
  expect(ids(listed(JOBS, "all", "nothing of the kind", "newest"))).toBe("");
});

describe("with the ended jobs, which the server returns in pages", () => {
  const ended = (id: string, finished_at: number): Job => job({ queue_id: id, status: "done", submitted_at: 1, finished_at });
  const running = job({ queue_id: "running", submitted_at: 0 });
  const present = [running, ended("e9", 9), ended("e1", 1)];
  const page = [ended("e9", 9), ended("e8", 8), ended("e7", 7)];

  it("omits jobs behind the last loaded page, since the pages between are missing", () => {
    expect(ids(listed(withHistory(present, page, false, "activity"), "all", "", "activity"))).toBe("running e9 e8 e7");
    expect(ids(listed(withHistory(present, page, true, "activity"), "all", "", "activity"))).toBe("running e9 e8 e7 e1");
  });

  it("loads from the other end if the oldest come first", () => {
    const oldest = [ended("e1", 1), ended("e2", 2)];
    expect(ids(listed(withHistory(present, oldest, false, "oldest"), "ended", "", "oldest"))).toBe("e1 e2");
  });

  it("shows the present state of a job that was queued again or has just ended", () => {
    const again = job({ queue_id: "e8", status: "queued", submitted_at: 1 });
    const shown = withHistory([again, ended("e10", 10)], page, false, "activity");
    expect(ids(listed(shown, "all", "", "activity"))).toBe("e8 e10 e9 e7");
  });

  it("requests the order in which it lists them", () => {
    expect((["activity", "newest", "oldest", "name", "memory"] as const).map(orderOf).join(" ")).toBe(
      "newest newest oldest name newest",
    );
  });
});

it("describes the state and its detail", () => {
  expect(describeState(job({ status: "starting" }), 103)).toEqual({ word: "starting", tone: "busy", detail: "3 s" });
  expect(describeState(job({}), 175).detail).toBe("for 1 min");
  expect(describeState(job({ stop_requested: true }), 175).word).toBe("stopping");
  expect(describeState(job({ status: "failed", finished_at: 100, error: "port 6006 was taken", exit_code: 255 }), 160).detail).toBe(
    "port 6006 was taken, 1 min ago",
  );
  expect(describeState(job({ status: "failed", finished_at: 100, signal: 9 }), 105).detail).toBe("signal 9, 5 s ago");
  const waits = "port 6006 is held by q_1700000000000_deadbeef (sample runs)";
  expect(describeState(job({ status: "queued", waits_for: waits }), 1).detail).toBe("waits: port 6006 is held by sample runs");
});

it("shows the last ended jobs in the overview", () => {
  const ended = Array.from({ length: 30 }, (_, index) => job({ queue_id: `e${index}`, status: "done", finished_at: index }));
  const shown = overview(listed([...JOBS, ...ended], "all", "", "activity"));
  expect(ids(shown.slice(0, 3))).toBe("new old waits");
  expect(shown.length).toBe(3 + 20);
  expect(overview(JOBS.slice(1, 2))).toEqual(JOBS.slice(1, 2));
});
