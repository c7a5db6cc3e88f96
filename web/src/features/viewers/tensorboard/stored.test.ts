import { expect, it } from "vitest";
import { clearForm, saveForm, StoredValues, lastListening, loadForm } from "../stored";
import { optionsOf } from "../../../shared/viewers/options";
import type { ViewerForm as Form } from "../form";
import { storedFormOf } from "../stored-form";
import { REFERENCE } from "./form";

const STORED_FORM = storedFormOf(optionsOf("tensorboard"), REFERENCE);
const DEFAULTS = STORED_FORM.defaults;

const FORM: Form = { ...DEFAULTS, logdir: "/runs", port: "6010", priority: "9", windowTitle: "Mine", host: "127.0.0.2" };

function storage(): Storage {
  const items = new Map<string, string>();
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
  } as Storage;
}

it("stores the names of Forgather's page, and no priority", () => {
  expect(Object.keys(STORED_FORM.toStored(FORM)).sort()).toEqual([
    "bindAll",
    "host",
    "logdir",
    "port",
    "reloadInterval",
    "reloadMultifile",
    "samplesPerPlugin",
    "windowTitle",
  ]);
  expect(STORED_FORM.key).toBe("forgather-global-tensorboard-v1");
});

it("restores the stored form with the default priority", () => {
  const store = storage();
  saveForm(store, STORED_FORM, FORM);
  expect(loadForm(store, STORED_FORM)).toEqual({ ...FORM, priority: "0", host: "" });
  clearForm(store, STORED_FORM);
  expect(loadForm(store, STORED_FORM)).toEqual(DEFAULTS);
});

it("accepts values that Forgather's page may have written", () => {
  expect(STORED_FORM.fromStored(new StoredValues({ logdir: "/x", port: "6007", bindAll: true, reloadInterval: 30, windowTitle: null }))).toEqual({
    ...DEFAULTS,
    logdir: "/x",
    port: "6007",
    reloadInterval: "30",
  });
});

it("never restores the listen address, and reports it", () => {
  const store = storage();
  expect(lastListening(store, STORED_FORM)).toBeNull();
  saveForm(store, STORED_FORM, { ...FORM, bindAll: true });
  expect(loadForm(store, STORED_FORM)).toMatchObject({ bindAll: false, host: "" });
  expect(lastListening(store, STORED_FORM)).toEqual({ bindAll: true, host: "127.0.0.2" });
  saveForm(store, STORED_FORM, { ...FORM, host: "" });
  expect(lastListening(store, STORED_FORM)).toBeNull();
});

it("rejects values that a user cannot type: a viewer's page can write there", () => {
  const hostile = {
    logdir: "relative/../../etc",
    port: "6006; rm",
    host: "evil\u202e.example/x",
    bindAll: "true",
    windowTitle: "a\u0000b",
    reloadInterval: "-1",
    reloadMultifile: 1,
    samplesPerPlugin: "images=1\nscalars=2",
    idleTimeout: "soon",
    private: "no",
    memoryMax: "all of it",
    priority: "99",
  };
  expect(STORED_FORM.fromStored(new StoredValues(hostile))).toEqual(DEFAULTS);
  const store = storage();
  store.setItem(STORED_FORM.key, JSON.stringify(hostile));
  expect(lastListening(store, STORED_FORM)).toBeNull();
  expect(STORED_FORM.fromStored(new StoredValues({ logdir: `/${"x".repeat(5000)}` }))["logdir"]).toBe("");
  expect(STORED_FORM.fromStored(new StoredValues({ logdir: "~/runs", idleTimeout: "15 min", memoryMax: "2G" }))).toMatchObject({
    logdir: "~/runs",
    idleTimeout: "15 min",
    memoryMax: "2G",
  });
});

it.each(["{", "null", "7", '"text"', "[]"])("rubbish (%s) gives the defaults", (text) => {
  const store = storage();
  store.setItem(STORED_FORM.key, text);
  expect(loadForm(store, STORED_FORM)).toEqual(DEFAULTS);
});

it("works without localStorage", () => {
  const refuse = (): never => {
    throw new Error("denied");
  };
  const store = { getItem: refuse, setItem: refuse, removeItem: refuse };
  expect(loadForm(store, STORED_FORM)).toEqual(DEFAULTS);
  saveForm(store, STORED_FORM, FORM);
  clearForm(store, STORED_FORM);
});
