/** Output as plain text. */

// Sequences that a terminal obeys: CSI, then those with a string (OSC, DCS, SOS, PM, APC), then the short ones. (ECMA-48)
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one.
const SEQUENCES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])/g;
const CONTROLS = /[^\P{Cc}\t\n]/gu;

/** The text without escape sequences and other control characters. */
export function plain(text: string): string {
  return text.replace(SEQUENCES, "").replace(CONTROLS, "");
}
