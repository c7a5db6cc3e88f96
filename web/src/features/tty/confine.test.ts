import { Terminal } from "@xterm/xterm";
import { expect, it } from "vitest";
import { confine } from "./confine";

const ESC = "\u001b";
const ASKS = [
  "[c", "[>c", "[=c", "[>q", "[5n", "[6n", "[?6n", "[?15n", "[1$p", "[?1$p", "[18t", "[14t", "[0x",
  "P$qm\u001b\\", "P$q\"p\u001b\\", "]4;1;?\u0007", "]10;?\u0007", "]11;?\u0007", "]12;?\u0007", "]52;c;?\u0007",
];
const TITLES = ["]0;evil\u0007", "]1;evil\u0007", "]2;evil\u001b\\"];

/** The data that a terminal with a keyboard sends back after it is given `text`. */
async function replies(text: string, confined: boolean): Promise<string[]> {
  const terminal = new Terminal({ allowProposedApi: true });
  const out: string[] = [];
  terminal.onData((data) => out.push(data));
  terminal.onBinary((data) => out.push(data));
  terminal.onTitleChange((title) => out.push(title));
  if (confined) confine(terminal);
  await new Promise<void>((done) => terminal.write(text, done));
  terminal.dispose();
  return out;
}

it.each([...ASKS, ...TITLES])("no reply to %j", async (sequence) => {
  expect(await replies(ESC + sequence, true)).toEqual([]);
});

it("xterm.js itself replies, and sets the title", async () => {
  expect(await replies(`${ESC}[c${ESC}[6n${ESC}]2;evil\u0007`, false)).toHaveLength(3);
});
