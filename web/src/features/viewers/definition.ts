/** The dialog of a kind of viewer, derived from its options. */
import type { QueryClient } from "@tanstack/react-query";
import { optionsOf, type KindOptions } from "../../shared/viewers/options";
import type { ViewerForm } from "./form";
import { storedFormOf, type Reference } from "./stored-form";
import type { PathFieldProps } from "./path-field";
import type { StoredForm } from "./stored";

export interface FormDefinition {
  kind: KindOptions;
  /** The label of the button, and the message after it. */
  submit: string;
  queued: string;
  storedForm: StoredForm;
  /** The control of the path that it shows, if it has one of its own. */
  Path?: React.ComponentType<PathFieldProps>;
  /** A check before a job is queued. Throws ApiError. */
  check?: (client: QueryClient, form: ViewerForm) => Promise<void>;
}

/** `own` overrides parts of it. */
export function definitionOf(type: string, reference?: Reference, own: Partial<FormDefinition> = {}): FormDefinition {
  const kind = optionsOf(type);
  return { kind, submit: `Start ${kind.noun}`, queued: `${kind.noun} is queued.`, storedForm: storedFormOf(kind, reference), ...own };
}
