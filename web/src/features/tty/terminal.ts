/** A read-only xterm.js terminal in our colours, under the page's Content-Security-Policy. */
import { FitAddon } from "@xterm/addon-fit";
import { SearchAddon } from "@xterm/addon-search";
import { Terminal, type ITheme } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { admitStyles } from "./admit-styles";
import { confine } from "./confine";

/** Rows. Older and newer lines are loaded when they are scrolled to. */
export const SCROLLBACK = 20_000;

const DARK: ITheme = {
  background: "#101418",
  foreground: "#d3d9df",
  cursor: "#101418",
  cursorAccent: "#101418",
  selectionBackground: "#2f5673",
  black: "#3b4450",
  red: "#f2777a",
  green: "#7fc67a",
  yellow: "#e5b567",
  blue: "#6fb0f0",
  magenta: "#c99ae6",
  cyan: "#5cc6c3",
  white: "#d3d9df",
  brightBlack: "#8a96a3",
  brightRed: "#ff9a9c",
  brightGreen: "#a0dd9a",
  brightYellow: "#f5d08a",
  brightBlue: "#9ac9fa",
  brightMagenta: "#dfb9f5",
  brightCyan: "#88e0dd",
  brightWhite: "#ffffff",
};

const LIGHT: ITheme = {
  background: "#fbfbfa",
  foreground: "#23292f",
  cursor: "#fbfbfa",
  cursorAccent: "#fbfbfa",
  selectionBackground: "#bcd9ee",
  black: "#23292f",
  red: "#b3261e",
  green: "#1e6b2a",
  yellow: "#7a5200",
  blue: "#1559a8",
  magenta: "#7d3a9e",
  cyan: "#0f6a6a",
  white: "#5b6670",
  brightBlack: "#5b6670",
  brightRed: "#c9372c",
  brightGreen: "#27803a",
  brightYellow: "#8a5d00",
  brightBlue: "#1f6fd0",
  brightMagenta: "#9348b8",
  brightCyan: "#117a7a",
  brightWhite: "#23292f",
};

export interface Screen {
  terminal: Terminal;
  search: SearchAddon;
  dispose: () => void;
}

/** Opens a terminal that fills `host`, in the system's colour scheme. */
export function openScreen(host: HTMLElement): Screen {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const terminal = new Terminal({
    disableStdin: true,
    // A job prints to a pipe: its lines end with a newline alone.
    convertEol: true,
    cursorInactiveStyle: "none",
    scrollback: SCROLLBACK,
    fontFamily: 'ui-monospace, "SFMono-Regular", "DejaVu Sans Mono", Menlo, Consolas, monospace',
    fontSize: 12,
    lineHeight: 1.25,
    screenReaderMode: true,
    minimumContrastRatio: 4.5,
    theme: dark.matches ? DARK : LIGHT,
    // Links in a job's output are not trusted: no click follows them.
    linkHandler: { activate: () => undefined },
  });
  const fit = new FitAddon();
  const search = new SearchAddon();
  terminal.loadAddon(fit);
  terminal.loadAddon(search);
  confine(terminal);
  const release = admitStyles(document);
  terminal.open(host);
  const scrolls: Readonly<Record<string, () => void>> = {
    ArrowUp: () => terminal.scrollLines(-1),
    ArrowDown: () => terminal.scrollLines(1),
    PageUp: () => terminal.scrollPages(-1),
    PageDown: () => terminal.scrollPages(1),
    Home: () => terminal.scrollToTop(),
    End: () => terminal.scrollToBottom(),
  };
  // Nothing is typed into a log: the keys scroll, and all others (Tab, Ctrl-C, Ctrl-F) are the browser's.
  terminal.attachCustomKeyEventHandler((event) => {
    if (event.type === "keydown" && !event.ctrlKey && !event.altKey && !event.metaKey) scrolls[event.key]?.();
    return false;
  });

  const recolour = (): void => {
    terminal.options.theme = dark.matches ? DARK : LIGHT;
  };
  dark.addEventListener("change", recolour);
  const observer = new ResizeObserver(() => fit.fit());
  observer.observe(host);
  return {
    terminal,
    search,
    dispose: () => {
      observer.disconnect();
      dark.removeEventListener("change", recolour);
      // Pending writes need the renderer: dispose after the last one.
      terminal.write("", () => {
        setTimeout(() => {
          terminal.dispose();
          release();
        });
      });
    },
  };
}
