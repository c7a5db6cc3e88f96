import { expect, it } from "vitest";
import { DEFAULTS, type Form } from "./form";
import { forget, fromStored, keep, recall, STORAGE_KEY, toStored } from "./stored";

const FORM: Form = { ...DEFAULTS, logdir: "/runs", port: "6010", priority: "9", windowTitle: "Mine", host: "127.0.0.2" };

function storage(): Storage {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  } as Storage;
}

it("keeps the reference's names and never the priority", () => {
  expect(Object.keys(toStored(FORM)).sort()).toEqual([
    "bindAll",
    "host",
    "logdir",
    "port",
    "reloadInterval",
    "reloadMultifile",
    "samplesPerPlugin",
    "windowTitle",
  ]);
  expect(STORAGE_KEY).toBe("forgather-global-tensorboard-v1");
});

it("gives back what was kept, with the priority of a new one", () => {
  const store = storage();
  keep(store, FORM);
  expect(recall(store)).toEqual({ ...FORM, priority: "0" });
  forget(store);
  expect(recall(store)).toEqual(DEFAULTS);
});

it("takes what Forgather's own page may have written", () => {
  expect(fromStored({ logdir: "/x", port: "6007", bindAll: true, reloadInterval: 30, windowTitle: null })).toEqual({
    ...DEFAULTS,
    logdir: "/x",
    port: "6007",
    bindAll: true,
    reloadInterval: "30",
  });
});

it.each(["{", "null", "7", '"text"', "[]"])("rubbish (%s) gives the defaults", (text) => {
  const store = storage();
  store.setItem(STORAGE_KEY, text);
  expect(recall(store)).toEqual(DEFAULTS);
});

it("a browser that keeps nothing is no error", () => {
  const refuse = (): never => {
    throw new Error("denied");
  };
  const store = { getItem: refuse, setItem: refuse, removeItem: refuse };
  expect(recall(store)).toEqual(DEFAULTS);
  keep(store, FORM);
  forget(store);
});
