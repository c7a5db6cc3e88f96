import type { Reference } from "../stored-form";

/** What Forgather's own page stores of a TensorBoard. */
export const REFERENCE: Reference = {
  always: ["bind_all", "window_title", "reload_interval", "reload_multifile", "samples_per_plugin"],
};
