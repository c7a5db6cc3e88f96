import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  // Below any path: JupyterHub, Open OnDemand and others have one.
  base: "./",
  plugins: [react()],
  build: {
    // Into the package: the server serves what lies there.
    outDir: "../forgather_units/webpage",
    emptyOutDir: true,
    // The page's policy admits no inline script, so nothing may be put into the HTML.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What is bundled names its authors, as their licences ask.
    license: { fileName: "licenses.md" },
  },
  // `npm run dev` in front of a real server: FORGATHER_SERVER_URL as for the command line.
  server: { proxy: { "/api": process.env["FORGATHER_SERVER_URL"] ?? "http://127.0.0.1:8765" } },
});
