import { expect, it } from "vitest";
import type { Job, Service } from "../../shared/api/types";
import { stateOf } from "./service-state";

const entry = (part: Partial<Service>, enabled = true): Service =>
  ({ service: { type: "tensorboard", name: "lab", enabled, args: {} }, url: "/api/tb/lab/", error: null, ...part }) as Service;
const job = (part: Partial<Job>): Job =>
  ({ status: "sleeping", error: null, signal: null, exit_code: null, finished_at: 90, waits_for: null, ...part }) as Job;

it.each<[string, Service, Job | undefined, string, string]>([
  ["asleep", entry({}), job({}), "sleeping", "rest"],
  ["in use", entry({}), job({ status: "running", started_at: 1, ready_at: 2 }), "running", "ok"],
  ["waiting for its port", entry({}), job({ status: "queued", waits_for: "port 6010" }), "queued", "warn"],
  ["killed", entry({}), job({ status: "aborted" }), "stopped", "off"],
  ["broken", entry({}), job({ status: "failed", exit_code: 1 }), "failed", "bad"],
  ["not startable", entry({ error: "logdir /x does not exist" }), undefined, "cannot run", "bad"],
  ["startable again", entry({ error: "logdir /x does not exist" }), job({}), "sleeping", "rest"],
  ["switched off", entry({}, false), job({ status: "aborted" }), "off", "off"],
  ["stopping", entry({}, false), job({ stop_requested: true }), "stopping", "rest"],
  ["never started", entry({}), undefined, "not started", "off"],
])("%s", (_, service, instance, word, dot) => expect(stateOf(service, instance, 100)).toMatchObject({ word, dot }));

it("gives the reason as detail", () => {
  expect(stateOf(entry({ error: "no such folder" }), undefined, 100).detail).toBe("no such folder");
  expect(stateOf(entry({}), job({ status: "failed", exit_code: 1 }), 100).detail).toBe("exit code 1, 10 s ago");
});
