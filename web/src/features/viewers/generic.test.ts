import { expect, it } from "vitest";
import type { KindOptions, Option, OptionField } from "../../shared/viewers/options";
import { advancedOf, defaultsOf, fieldsOf, formOf, paramsOf, problemsOf } from "./form";
import { genericKind } from "./generic-kind";
import { saveForm, loadForm } from "./stored";
import { storedFormOf } from "./stored-form";

function field(place: OptionField["place"], label: string): OptionField {
  return { place, label, hint: "", placeholder: "", warning: "", missing: "", files: null };
}

function option(name: string, type: Option["type"], shown: OptionField): Option {
  return { name, type, switchesOff: false, field: shown, details: "" };
}

const FILES: KindOptions = {
  type: "files",
  noun: "Files",
  segment: "files",
  usualPort: 9000,
  required: "shown",
  options: [
    option("shown", "path", field("main", "Folder")),
    option("port", "port", field("main", "Port")),
    option("max_threads", "whole", field("advanced", "Threads")),
  ],
};

it("a kind without a folder has a form", () => {
  const form = { ...defaultsOf(FILES), shown: "/srv", maxThreads: "4" };
  expect(defaultsOf(FILES)).toMatchObject({ port: "9000", shown: "", maxThreads: "" });
  expect(paramsOf(FILES, form, "a title")).toEqual({ shown: "/srv", port: 9000, max_threads: 4 });
  expect(formOf(FILES, paramsOf(FILES, form, ""), 0)).toEqual(form);
  expect([...advancedOf(FILES)]).toEqual(["maxThreads"]);
  expect(fieldsOf(FILES)["max_threads"]).toBe("maxThreads");
});

it("its form is checked and stored", () => {
  expect(Object.keys(problemsOf(FILES, { ...defaultsOf(FILES), maxThreads: "few" }, "job")).sort()).toEqual(["maxThreads", "shown"]);
  const items = new Map<string, string>();
  const storage = { getItem: (key: string) => items.get(key) ?? null, setItem: (key: string, value: string) => void items.set(key, value) };
  const form = { ...defaultsOf(FILES), shown: "/srv", maxThreads: "4" };
  saveForm(storage, storedFormOf(FILES), form);
  expect([...items.keys()]).toEqual(["forgather-global-files-v1"]);
  expect(loadForm(storage, storedFormOf(FILES))).toEqual(form);
});

it("its words derive from its name", () => {
  expect(genericKind(FILES)).toMatchObject({ noun: "Files", start: "Start Files", shows: { param: "shown", label: "Folder" } });
});
