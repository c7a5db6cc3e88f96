/** The options of each kind of viewer, as declared in forgather_units/viewers; packaging/page_options.py writes the file. */
import declared from "./options.json";

export type OptionType = "text" | "path" | "paths" | "truth" | "port" | "seconds" | "span" | "size" | "whole";

/** An option in the dialog. Its control follows from the option's type. */
export interface OptionField {
  place: "main" | "advanced";
  label: string;
  hint: string;
  placeholder: string;
  /** Shown while a check box is on. */
  warning: string;
  /** Shown where a required option is empty. */
  missing: string;
  /** For a path: the files to pick; null: a folder is picked. */
  files: { suffixes: readonly string[]; usual: string } | null;
}

export interface Option {
  /** Its name in job_params. */
  name: string;
  type: OptionType;
  /** A "truth" that is on by default: the dialog offers to switch it off. */
  switchesOff: boolean;
  /** null: the dialog does not show it. */
  field: OptionField | null;
  /** Its label in the details of a job; empty: it is not shown there. */
  details: string;
}

/** The job_params of a job, by the names of its options. */
export type Params = Readonly<Record<string, unknown>>;

export interface KindOptions {
  /** The server's `job_type`. */
  type: string;
  noun: string;
  /** The part of the viewers' addresses: `/api/<segment>/<name>/`. */
  segment: string;
  usualPort: number;
  /** The option with the path that it shows. */
  required: string;
  options: readonly Option[];
}

export const KINDS: readonly KindOptions[] = declared as readonly KindOptions[];

/** Throws for a kind that the page was built without. */
export function optionsOf(type: string): KindOptions {
  const found = KINDS.find((kind) => kind.type === type);
  if (!found) throw new Error(`no options of ${type}`);
  return found;
}
