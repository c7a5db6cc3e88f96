import type { Job } from "../../shared/api/types";
import { bytes } from "../../shared/format/bytes";
import { span } from "../../shared/format/seconds";
import { KINDS, type Option, type Params } from "../../shared/viewers/options";

/** The options of a job that its details show, with their labels; those without a value are null. */
export function optionRows(job: Job, isTitle: boolean): (readonly [label: string, value: React.ReactNode])[] {
  const params: Params = { ...job.job_params };
  const options = KINDS.find((kind) => kind.type === job.job_type)?.options ?? [];
  return options
    .filter((option) => option.details && (option.name === "window_title") === isTitle)
    .map((option) => [option.details, shownValue(option, params[option.name])]);
}

function shownValue(option: Option, value: unknown): React.ReactNode {
  switch (option.type) {
    case "truth":
      return value === !option.switchesOff ? (value ? "yes" : "no") : null;
    case "seconds":
    case "span":
      return typeof value === "number" ? span(value) : text(value);
    case "size":
      return typeof value === "number" ? bytes(value) : text(value);
    case "paths":
      return Array.isArray(value) && value.length ? <code>{value.join(", ")}</code> : null;
    case "text":
    case "path":
      return option.name === "window_title" || !value ? text(value) : <code>{text(value)}</code>;
    default:
      return text(value);
  }
}

function text(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}
