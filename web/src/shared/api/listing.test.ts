import { expect, it } from "vitest";
import { applyUpdate } from "./listing";
import type { Listing, Project } from "./types";

const project = (folder: string, name = folder): Project =>
  ({ project_dir: folder, name, configs: [] }) as unknown as Project;
const known: Listing = { version: "a-1", projects: [project("/a"), project("/c"), project("/d")] };
const names = (listing: Listing): string => listing.projects.map((one) => one.name).join(" ");

it("applies changes in the order of the folders", () => {
  const now = applyUpdate(known, { version: "a-2", since: "a-1", projects: [project("/b"), project("/c", "other")], removed: ["/d"] });
  expect(names(now)).toBe("/a /b other");
  expect(now.version).toBe("a-2");
  expect(now.projects[0]).toBe(known.projects[0]);
});

it("replaces the list if the server sends the whole list", () => {
  expect(names(applyUpdate(known, { version: "b-1", projects: [project("/x")] }))).toBe("/x");
  expect(names(applyUpdate(undefined, { projects: [project("/x")] }))).toBe("/x");
});

it("is the same object if nothing changed", () => {
  const now = applyUpdate(known, { version: "a-1", since: "a-1", projects: [], removed: [] });
  expect(now.projects).toEqual(known.projects);
});
