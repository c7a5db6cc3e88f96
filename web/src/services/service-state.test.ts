import { expect, it } from "vitest";
import type { Job, Service } from "../api/types";
import { stateOf } from "./service-state";

const entry = (part: Partial<Service>, enabled = true): Service =>
  ({ service: { type: "tensorboard", name: "lab", enabled, args: {} }, url: "/api/tb/lab/", error: null, ...part }) as Service;
const job = (part: Partial<Job>): Job =>
  ({ status: "sleeping", error: null, signal: null, exit_code: null, finished_at: 90, waits_for: null, ...part }) as Job;

it.each<[string, Service, Job | undefined, string, string]>([
  ["asleep", entry({}), job({}), "sleeping", "rest"],
  ["looked at", entry({}), job({ status: "running", started_at: 1, ready_at: 2 }), "running", "ok"],
  ["waiting for its port", entry({}), job({ status: "queued", waits_for: "port 6010" }), "queued", "warn"],
  ["ended by somebody", entry({}), job({ status: "aborted" }), "stopped", "off"],
  ["broken", entry({}), job({ status: "failed", exit_code: 1 }), "failed", "bad"],
  ["not to be", entry({ error: "logdir /x does not exist" }), undefined, "cannot run", "bad"],
  ["there again after it could not be", entry({ error: "logdir /x does not exist" }), job({}), "sleeping", "rest"],
  ["switched off", entry({}, false), job({ status: "aborted" }), "off", "off"],
  ["on its way out", entry({}, false), job({ stop_requested: true }), "stopping", "rest"],
  ["never started", entry({}), undefined, "not there", "off"],
])("%s", (_, service, instance, word, dot) => expect(stateOf(service, instance, 100)).toMatchObject({ word, dot }));

it("says the reason behind the word", () => {
  expect(stateOf(entry({ error: "no such folder" }), undefined, 100).more).toBe("no such folder");
  expect(stateOf(entry({}), job({ status: "failed", exit_code: 1 }), 100).more).toBe("exit code 1, 10 s ago");
});
