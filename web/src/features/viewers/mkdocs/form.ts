import type { Reference } from "../stored-form";

/** What Forgather's own page stores of MkDocs. */
export const REFERENCE: Reference = { always: ["strict", "livereload", "watch"], names: { watch: "watchDirs" } };
