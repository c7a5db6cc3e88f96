import { expect, it } from "vitest";
import type { Job } from "../shared/api/types";
import { parseRoute } from "../shared/route";
import { titleOf } from "./use-title";

const job = (queue_id: string, status: Job["status"]): Job => ({ queue_id, status, title: `title of ${queue_id}` }) as Job;
const JOBS = [job("q_1", "running"), job("q_2", "sleeping"), job("q_3", "queued"), job("q_4", "failed")];

it("counts what the sidebar counts beside the view", () => {
  expect(titleOf(parseRoute("#/jobs"), JOBS, null)).toBe("Jobs (2 active) - Forgather");
  expect(titleOf(parseRoute("#/queue"), JOBS, null)).toBe("Queue (1 waiting) - Forgather");
  expect(titleOf(parseRoute("#/projects"), JOBS, null)).toBe("Projects - Forgather");
  expect(titleOf(parseRoute("#/jobs"), [], null)).toBe("Jobs - Forgather");
});

it("names the job whose details are shown", () => {
  expect(titleOf(parseRoute("#/jobs/q_4/tty"), JOBS, null)).toBe("title of q_4 - Forgather");
  expect(titleOf(parseRoute("#/jobs/q_0"), JOBS, job("q_0", "done"))).toBe("title of q_0 - Forgather");
  expect(titleOf(parseRoute("#/jobs/q_9"), JOBS, null)).toBe("Jobs - Forgather");
});
