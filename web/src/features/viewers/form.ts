/** The form of a kind of viewer, derived from its options: as typed, and the job_params that it makes. */
import { parseSpan } from "../../shared/format/seconds";
import type { KindOptions, Option, OptionField, Params } from "../../shared/viewers/options";

export type FieldValue = string | boolean | null;

/** A field for each option that the dialog shows, and the priority. */
export interface ViewerForm {
  port: string;
  priority: string;
  bindAll: boolean;
  /** null: derived from the path, until one is typed. */
  windowTitle: string | null;
  host: string;
  [field: string]: FieldValue;
}

/** New values of fields. */
export type Change = Readonly<Record<string, FieldValue>>;

/** A message for each invalid field; the empty name concerns the whole form. */
export type Problems = Partial<Record<string, string>>;

/** The purpose of a form: a job needs a port, a service without one is opened through the server only. */
export type Use = "job" | "service";

/** An option that the dialog shows. */
export type ShownOption = Option & { field: OptionField };

/** The port as the API accepts it; null: not a port. */
export function parsePort(text: string): number | "auto" | null {
  const typed = text.trim().toLowerCase();
  if (typed === "auto") return "auto";
  const port = /^\d{1,5}$/.test(typed) ? Number(typed) : 0;
  return port >= 1 && port <= 65_535 ? port : null;
}

export function shownOptions(kind: KindOptions): readonly ShownOption[] {
  return kind.options.filter((option): option is ShownOption => option.field !== null);
}

function camel(name: string): string {
  return name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** The field of an option: `reloadInterval`, `noLivereload`. */
export function keyOf(option: Option): string {
  return camel(option.switchesOff ? `no_${option.name}` : option.name);
}

/** The name of an option in the browser's storage. */
export function storedName(option: Option): string {
  return camel(option.name);
}

export function textIn(form: ViewerForm, key: string): string {
  const value = form[key];
  return typeof value === "string" ? value : "";
}

export function defaultsOf(kind: KindOptions): ViewerForm {
  const form: ViewerForm = { port: "", priority: "0", bindAll: false, windowTitle: null, host: "" };
  for (const option of shownOptions(kind)) form[keyOf(option)] = option.type === "truth" ? false : "";
  return { ...form, port: String(kind.usualPort), windowTitle: null };
}

/** The fields that are shown below "Advanced". */
export function advancedOf(kind: KindOptions): ReadonlySet<string> {
  return new Set(shownOptions(kind).filter((option) => option.field.place === "advanced").map(keyOf));
}

/** The server's names of fields -> the form's. */
export function fieldsOf(kind: KindOptions): Readonly<Record<string, string>> {
  const fields: Record<string, string> = { priority: "priority", project_dir: camel(kind.required) };
  for (const option of shownOptions(kind)) fields[option.name] = keyOf(option);
  return fields;
}

export function pathsOf(text: string): string[] {
  return text
    .split(",")
    .map((path) => path.trim())
    .filter(Boolean);
}

function problemOf(option: ShownOption, text: string): string | undefined {
  switch (option.type) {
    case "seconds":
      return Number(text) >= 0 ? undefined : option.field.hint || "A number of seconds, 0 or above.";
    case "whole":
      return /^\d+$/.test(text) ? undefined : option.field.hint || "A whole number.";
    case "span":
      return parseSpan(text) === null ? "A span such as 900, 15 min or 2 h, or never." : undefined;
    case "paths": {
      const relative = pathsOf(text).find((path) => !path.startsWith("/"));
      return relative === undefined ? undefined : `${relative} is not an absolute path.`;
    }
    default:
      return undefined;
  }
}

/** The address to listen on; null: the server's default. */
export function hostOf(form: ViewerForm): string | null {
  return form.bindAll ? "0.0.0.0" : form.host.trim() || null;
}

/** Checks only what could not be sent; the server checks the rest. */
export function problemsOf(kind: KindOptions, form: ViewerForm, use: Use): Problems {
  const problems: Problems = {};
  const without = use === "service" && !form.port.trim();
  if (!without && parsePort(form.port) === null) problems["port"] = "A port is a number from 1 to 65535, or auto.";
  if (!/^\s*-?\d{1,7}\s*$/.test(form.priority)) problems["priority"] = "A priority is a whole number; higher starts sooner.";
  for (const option of shownOptions(kind)) {
    const text = textIn(form, keyOf(option)).trim();
    const missing = option.name === kind.required ? option.field.missing || "It is missing." : undefined;
    const problem = text ? problemOf(option, text) : missing;
    if (problem) problems[keyOf(option)] = problem;
  }
  return problems;
}

function paramOf(option: Option, form: ViewerForm): unknown {
  const value = form[keyOf(option)];
  if (option.type === "truth") return value ? !option.switchesOff : undefined;
  const text = textIn(form, keyOf(option)).trim();
  if (option.type === "port") return parsePort(text) ?? undefined;
  if (!text) return undefined;
  switch (option.type) {
    case "seconds":
    case "whole":
      return Number(text);
    case "span":
      return parseSpan(text);
    case "paths":
      return pathsOf(text).length ? pathsOf(text) : undefined;
    default:
      return text;
  }
}

/** Omits empty fields, so that the server's defaults apply. `title` is the title if none was typed. */
export function paramsOf(kind: KindOptions, form: ViewerForm, title: string): Params {
  const titled: ViewerForm = { ...form, windowTitle: form.windowTitle ?? title };
  const params: Record<string, unknown> = {};
  for (const option of shownOptions(kind)) {
    const value = paramOf(option, titled);
    // Stock TensorBoard refuses both together.
    if (value !== undefined && !(option.name === "host" && form.bindAll)) params[option.name] = value;
  }
  return params;
}

function asText(value: unknown): string {
  return value === null || value === undefined ? "" : String(value);
}

function fieldOf(option: Option, value: unknown): FieldValue {
  if (option.type === "truth") return option.switchesOff ? value === false : value === true;
  if (option.name === "window_title") return typeof value === "string" ? value : null;
  return Array.isArray(value) ? value.join(", ") : asText(value);
}

/** The form with these params. */
export function formOf(kind: KindOptions, params: Params, priority: number): ViewerForm {
  const form: ViewerForm = { ...defaultsOf(kind), priority: String(priority) };
  for (const option of shownOptions(kind)) form[keyOf(option)] = fieldOf(option, params[option.name]);
  return form;
}

/** The body of POST /api/queue; `shown` is the path that the viewer shows. */
export function submissionOf(type: string, form: ViewerForm, params: Params, shown: string, projectDir: string | null): object {
  return {
    project_dir: projectDir ?? shown,
    config: `${type}:${String(params["port"])}`,
    dynamic_args: {},
    requested_gpus: 0,
    priority: Number(form.priority),
    job_type: type,
    job_params: params,
  };
}
