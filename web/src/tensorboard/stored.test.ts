import { expect, it } from "vitest";
import { forget, keep, Kept, recall } from "../viewer/stored";
import { DEFAULTS, KEEPING, type Form } from "./form";

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
  expect(Object.keys(KEEPING.toStored(FORM)).sort()).toEqual([
    "bindAll",
    "host",
    "logdir",
    "port",
    "reloadInterval",
    "reloadMultifile",
    "samplesPerPlugin",
    "windowTitle",
  ]);
  expect(KEEPING.key).toBe("forgather-global-tensorboard-v1");
});

it("gives back what was kept, with the priority of a new one", () => {
  const store = storage();
  keep(store, KEEPING, FORM);
  expect(recall(store, KEEPING)).toEqual({ ...FORM, priority: "0" });
  forget(store, KEEPING);
  expect(recall(store, KEEPING)).toEqual(DEFAULTS);
});

it("takes what Forgather's own page may have written", () => {
  expect(KEEPING.fromStored(new Kept({ logdir: "/x", port: "6007", bindAll: true, reloadInterval: 30, windowTitle: null }))).toEqual({
    ...DEFAULTS,
    logdir: "/x",
    port: "6007",
    bindAll: true,
    reloadInterval: "30",
  });
});

it.each(["{", "null", "7", '"text"', "[]"])("rubbish (%s) gives the defaults", (text) => {
  const store = storage();
  store.setItem(KEEPING.key, text);
  expect(recall(store, KEEPING)).toEqual(DEFAULTS);
});

it("a browser that keeps nothing is no error", () => {
  const refuse = (): never => {
    throw new Error("denied");
  };
  const store = { getItem: refuse, setItem: refuse, removeItem: refuse };
  expect(recall(store, KEEPING)).toEqual(DEFAULTS);
  keep(store, KEEPING, FORM);
  forget(store, KEEPING);
});
