import { describe, expect, it } from "vitest";
import { forget, keep, recall } from "../viewer/stored";
import { DEFAULTS, derivedTitle, formOf, KEEPING, paramsOf, problemsOf, type Form } from "./form";

const form = (part: Partial<Form>): Form => ({ ...DEFAULTS, configFile: "/home/u/handbook/mkdocs.yml", ...part });

describe("paramsOf", () => {
  it("leaves out what was left empty", () => {
    expect(paramsOf(form({}))).toEqual({
      config_file: "/home/u/handbook/mkdocs.yml",
      port: 8000,
      window_title: "handbook",
    });
  });

  it("sends all that was given, in the API's names", () => {
    expect(paramsOf(form({ strict: true, noLivereload: true, watch: " /a, /b/c ,", windowTitle: "" }))).toEqual({
      config_file: "/home/u/handbook/mkdocs.yml",
      port: 8000,
      strict: true,
      livereload: false,
      watch: ["/a", "/b/c"],
    });
  });
});

it("a form comes back from its params", () => {
  const given = form({ port: "8010", windowTitle: "Mine", noLivereload: true, strict: true, watch: "/a, /b", priority: "2" });
  expect(formOf(paramsOf(given), 2)).toEqual(given);
});

it.each<[Partial<Form>, keyof Form]>([
  [{ configFile: " " }, "configFile"],
  [{ watch: "/a, docs" }, "watch"],
  [{ port: "" }, "port"],
])("%j is wrong", (part, field) => expect(Object.keys(problemsOf(form(part), "job"))).toEqual([field]));

it.each([
  ["/home/u/handbook/mkdocs.yml", "handbook"],
  ["/mkdocs.yml", ""],
  ["", ""],
])("the title of %s", (file, title) => expect(derivedTitle(file)).toBe(title));

describe("what is kept", () => {
  const kept = new Map<string, string>();
  const store = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };

  it("has the reference's key and names, and never the priority", () => {
    keep(store, KEEPING, form({ noLivereload: true, watch: "/a", priority: "9" }));
    expect([...kept.keys()]).toEqual(["forgather-global-mkdocs-v1"]);
    expect(JSON.parse([...kept.values()][0]!)).toEqual({
      configFile: "/home/u/handbook/mkdocs.yml",
      host: "",
      port: 8000,
      strict: false,
      livereload: false,
      watchDirs: "/a",
    });
    expect(recall(store, KEEPING)).toEqual(form({ noLivereload: true, watch: "/a" }));
  });

  it("is forgotten by its key", () => {
    forget(store, KEEPING);
    expect(recall(store, KEEPING)).toEqual(DEFAULTS);
  });

  it("may have been written by Forgather's own page", () => {
    kept.set(KEEPING.key, JSON.stringify({ configFile: "/x/mkdocs.yml", port: 8001, dirty: true, watchDirs: "/a\n/b" }));
    expect(recall(store, KEEPING)).toEqual({ ...DEFAULTS, configFile: "/x/mkdocs.yml", port: "8001", watch: "/a, /b" });
  });
});
