/** Restricts what a job's output, which is untrusted, can do to the terminal: only text and colours have an effect. */
import type { IFunctionIdentifier, Terminal } from "@xterm/xterm";

// Titles, links, the palette and its reports, the clipboard.
const OSC = [0, 1, 2, 4, 7, 8, 9, 10, 11, 12, 52, 104, 110, 111, 112, 133, 633, 777, 1337];
// Queries that xterm.js answers as if typed: device attributes and status, modes, window operations.
const CSI: IFunctionIdentifier[] = [
  { final: "c" },
  { prefix: ">", final: "c" },
  { prefix: "=", final: "c" },
  { prefix: ">", final: "q" },
  { final: "n" },
  { prefix: "?", final: "n" },
  { intermediates: "$", final: "p" },
  { prefix: "?", intermediates: "$", final: "p" },
  { final: "t" },
  { final: "x" },
  { prefix: "?", final: "u" },
];
const DCS: IFunctionIdentifier[] = [
  { intermediates: "$", final: "q" },
  { intermediates: "+", final: "q" },
];

/** Ignore all of these sequences: no clipboard, no title, no links, no replies. */
export function confine({ parser }: Terminal): void {
  for (const code of OSC) parser.registerOscHandler(code, () => true);
  for (const id of CSI) parser.registerCsiHandler(id, () => true);
  for (const id of DCS) parser.registerDcsHandler(id, () => true);
}
