import { describe, expect, it } from "vitest";
import { optionsOf } from "../../../shared/viewers/options";
import * as forms from "../form";
import { parsePort, submissionOf, type Use, type ViewerForm as Form } from "../form";

const KIND = optionsOf("tensorboard");
const DEFAULTS = forms.defaultsOf(KIND);
const paramsOf = (form: Form, title: string) => forms.paramsOf(KIND, form, title);
const formOf = (params: object, priority: number) => forms.formOf(KIND, { ...params }, priority);
const problemsOf = (form: Form, use: Use) => forms.problemsOf(KIND, form, use);

const form = (part: Partial<Form>): Form => ({ ...DEFAULTS, logdir: "/home/u/p/output_models/tiny_llama", ...part });

describe("paramsOf", () => {
  it("omits empty fields", () => {
    expect(paramsOf(form({}), "tiny_llama")).toEqual({
      logdir: "/home/u/p/output_models/tiny_llama",
      port: 6006,
      window_title: "tiny_llama",
    });
  });

  it("sends all values under the API's names and in its units", () => {
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
    expect(paramsOf(all, "tiny_llama")).toEqual({
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

  it("sends no host with bind_all, since TensorBoard refuses both together", () => {
    const params = paramsOf(form({ bindAll: true, host: "127.0.0.2" }), "tiny_llama");
    expect(params["bind_all"]).toBe(true);
    expect(params).not.toHaveProperty("host");
  });

  it("accepts never", () => expect(paramsOf(form({ idleTimeout: "never" }), "tiny_llama")["idle_timeout"]).toBe("never"));
});

it("a form is restored from its params", () => {
  const given = form({ port: "6010", windowTitle: "Mine", memoryMax: "2G", samplesPerPlugin: "scalars=0", priority: "-4", writableLogdir: true });
  expect(formOf(paramsOf(given, "tiny_llama"), -4)).toEqual(given);
});

it("a submission is labelled by its port and reserves no GPU", () => {
  const submitted = (part: Partial<Form>, projectDir: string | null) =>
    submissionOf("tensorboard", form(part), paramsOf(form(part), "tiny_llama"), "/home/u/p/output_models/tiny_llama", projectDir);
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
  it("accepts the defaults with a folder", () => expect(problemsOf(form({}), "job")).toEqual({}));

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

it("a service needs no port, a job does", () => {
  expect(problemsOf(form({ port: " " }), "service")).toEqual({});
  expect(Object.keys(problemsOf(form({ port: " " }), "job"))).toEqual(["port"]);
  expect(paramsOf(form({ port: "" }), "tiny_llama")).not.toHaveProperty("port");
});
