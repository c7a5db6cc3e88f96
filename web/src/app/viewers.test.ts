import { beforeAll, expect, it } from "vitest";
import type { Job } from "../shared/api/types";
import { iconOf, kindOf, nounOf, registerViewers, shownBy } from "../shared/viewers/kinds";
import { VIEWERS } from "./viewers";

beforeAll(() => registerViewers(VIEWERS));

const job = (job_type: string, job_params: object): Job => ({ job_type, job_params, output_dir: "/out" }) as Job;

it("each kind names the path that it shows", () => {
  expect(shownBy(job("tensorboard", { logdir: "/runs" }))).toEqual({ label: "Log directory", path: "/runs" });
  expect(shownBy(job("mkdocs", { config_file: "/site/mkdocs.yml" }))).toEqual({ label: "Config file", path: "/site/mkdocs.yml" });
});

it("a kind that only the server knows is shown by its name and its folder", () => {
  expect(kindOf("files")).toBeUndefined();
  expect(nounOf("files")).toBe("files");
  expect(iconOf("files")).toBe("server");
  expect(shownBy(job("files", { folder: "/x" }))).toEqual({ label: "Folder", path: "/out" });
});
