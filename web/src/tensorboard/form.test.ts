import { describe, expect, it } from "vitest";
import { parsePort, submissionOf } from "../viewer/form";
import { DEFAULTS, derivedTitle, formOf, paramsOf, problemsOf, type Form } from "./form";

const form = (part: Partial<Form>): Form => ({ ...DEFAULTS, logdir: "/home/u/p/output_models/tiny_llama", ...part });

describe("paramsOf", () => {
  it("leaves out what was left empty", () => {
    expect(paramsOf(form({}))).toEqual({
      logdir: "/home/u/p/output_models/tiny_llama",
      port: 6006,
      window_title: "tiny_llama",
    });
  });

  it("sends all that was given, in the API's names and units", () => {
    const all = form({
      port: " auto ",
      windowTitle: "Mine",
      reloadInterval: "2.5",
      reloadMultifile: true,
      samplesPerPlugin: " images=100 ",
      host: "127.0.0.2",
      idleTimeout: "1h 30min",
      private: true,
      memoryMax: "2G",
    });
    expect(paramsOf(all)).toEqual({
      logdir: "/home/u/p/output_models/tiny_llama",
      port: "auto",
      host: "127.0.0.2",
      window_title: "Mine",
      reload_interval: 2.5,
      reload_multifile: true,
      samples_per_plugin: "images=100",
      idle_timeout: 5400,
      private: true,
      memory_max: "2G",
    });
  });

  it("sends no host with bind_all: stock TensorBoard refuses the two together", () => {
    const params = paramsOf(form({ bindAll: true, host: "127.0.0.2" }));
    expect(params.bind_all).toBe(true);
    expect(params).not.toHaveProperty("host");
  });

  it("knows never", () => expect(paramsOf(form({ idleTimeout: "never" })).idle_timeout).toBe("never"));
});

it("a form comes back from its params", () => {
  const given = form({ port: "6010", windowTitle: "Mine", memoryMax: "2G", samplesPerPlugin: "scalars=0", priority: "-4" });
  expect(formOf(paramsOf(given), -4)).toEqual(given);
});

it("a submission is labelled by its port and reserves no GPU", () => {
  const submitted = (part: Partial<Form>, projectDir: string | null) =>
    submissionOf("tensorboard", form(part), paramsOf(form(part)), form(part).logdir, projectDir);
  expect(submitted({ priority: "7" }, null)).toMatchObject({
    project_dir: "/home/u/p/output_models/tiny_llama",
    config: "tensorboard:6006",
    requested_gpus: 0,
    priority: 7,
    job_type: "tensorboard",
  });
  expect(submitted({}, "/home/u/p")).toMatchObject({ project_dir: "/home/u/p" });
});

describe("problemsOf", () => {
  it("finds nothing wrong with the defaults and a folder", () => expect(problemsOf(form({}), "job")).toEqual({}));

  it.each<[Partial<Form>, keyof Form]>([
    [{ logdir: "  " }, "logdir"],
    [{ port: "0" }, "port"],
    [{ port: "70000" }, "port"],
    [{ port: "http" }, "port"],
    [{ priority: "1.5" }, "priority"],
    [{ priority: "" }, "priority"],
    [{ reloadInterval: "-1" }, "reloadInterval"],
    [{ reloadInterval: "often" }, "reloadInterval"],
    [{ idleTimeout: "a while" }, "idleTimeout"],
  ])("%j", (part, field) => expect(Object.keys(problemsOf(form(part), "job"))).toEqual([field]));
});

it.each([
  ["6006", 6006],
  ["AUTO", "auto"],
  ["65536", null],
  ["6006.5", null],
])("port %s", (text, port) => expect(parsePort(text)).toBe(port));

it.each([
  ["/home/u/project/output_models/tiny_llama", "tiny_llama"],
  ["/home/u/project/output_models", "project"],
  ["/home/u/project/output_models/tiny/runs", "tiny"],
  ["/home/u/project/output_models/tiny/runs/log_2026-10-27", "tiny: log_2026-10-27"],
  ["/", ""],
  ["", ""],
])("the title of %s", (logdir, title) => expect(derivedTitle(logdir)).toBe(title));

it("a service needs no port, a job does", () => {
  expect(problemsOf(form({ port: " " }), "service")).toEqual({});
  expect(Object.keys(problemsOf(form({ port: " " }), "job"))).toEqual(["port"]);
  expect(paramsOf(form({ port: "" }))).not.toHaveProperty("port");
});
