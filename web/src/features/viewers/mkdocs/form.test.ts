import { describe, expect, it } from "vitest";
import { clearForm, saveForm, loadForm } from "../stored";
import { optionsOf } from "../../../shared/viewers/options";
import * as forms from "../form";
import type { Use, ViewerForm as Form } from "../form";
import { storedFormOf } from "../stored-form";
import { REFERENCE } from "./form";

const KIND = optionsOf("mkdocs");
const STORED_FORM = storedFormOf(KIND, REFERENCE);
const DEFAULTS = STORED_FORM.defaults;
const paramsOf = (form: Form, title: string) => forms.paramsOf(KIND, form, title);
const formOf = (params: object, priority: number) => forms.formOf(KIND, { ...params }, priority);
const problemsOf = (form: Form, use: Use) => forms.problemsOf(KIND, form, use);

const form = (part: Partial<Form>): Form => ({ ...DEFAULTS, configFile: "/home/u/handbook/mkdocs.yml", ...part });

describe("paramsOf", () => {
  it("omits empty fields", () => {
    expect(paramsOf(form({}), "handbook")).toEqual({
      config_file: "/home/u/handbook/mkdocs.yml",
      port: 8000,
      window_title: "handbook",
    });
  });

  it("sends all values under the API's names", () => {
    expect(paramsOf(form({ strict: true, noLivereload: true, watch: " /a, /b/c ,", windowTitle: "" }), "handbook")).toEqual({
      config_file: "/home/u/handbook/mkdocs.yml",
      port: 8000,
      strict: true,
      livereload: false,
      watch: ["/a", "/b/c"],
    });
  });
});

it("a form is restored from its params", () => {
  const given = form({ port: "8010", windowTitle: "Mine", noLivereload: true, strict: true, watch: "/a, /b", priority: "2" });
  expect(formOf(paramsOf(given, "handbook"), 2)).toEqual(given);
});

it.each<[Partial<Form>, keyof Form]>([
  [{ configFile: " " }, "configFile"],
  [{ watch: "/a, docs" }, "watch"],
  [{ port: "" }, "port"],
])("%j is wrong", (part, field) => expect(Object.keys(problemsOf(form(part), "job"))).toEqual([field]));

describe("the stored form", () => {
  const items = new Map<string, string>();
  const store = {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
  };

  it("has the key and names of Forgather's page, and no priority", () => {
    saveForm(store, STORED_FORM, form({ noLivereload: true, watch: "/a", priority: "9" }));
    expect([...items.keys()]).toEqual(["forgather-global-mkdocs-v1"]);
    expect(JSON.parse([...items.values()][0]!)).toEqual({
      configFile: "/home/u/handbook/mkdocs.yml",
      host: "",
      port: 8000,
      strict: false,
      livereload: false,
      watchDirs: "/a",
    });
    expect(loadForm(store, STORED_FORM)).toEqual(form({ noLivereload: true, watch: "/a" }));
  });

  it("is cleared by its key", () => {
    clearForm(store, STORED_FORM);
    expect(loadForm(store, STORED_FORM)).toEqual(DEFAULTS);
  });

  it("may have been written by Forgather's page", () => {
    items.set(STORED_FORM.key, JSON.stringify({ configFile: "/x/mkdocs.yml", port: 8001, dirty: true, watchDirs: "/a\n/b" }));
    expect(loadForm(store, STORED_FORM)).toEqual({
      ...DEFAULTS,
      configFile: "/x/mkdocs.yml",
      port: "8001",
      dirty: true,
      watch: "/a, /b",
    });
  });
});
