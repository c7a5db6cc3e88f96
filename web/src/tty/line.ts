/** One piece of a job's output, as the stream gives it. */
export interface Line {
  text: string;
  /** Whether the line ends here; a prompt or a progress bar does not. */
  ends: boolean;
  time: number;
  /** The bytes, where they are no UTF-8. */
  base64?: string;
}

const NEWLINE = [13, 10];

/** What the terminal is given: the text, or the very bytes. */
export function output(line: Line): string | Uint8Array {
  if (line.base64 === undefined) return line.ends ? `${line.text}\r\n` : line.text;
  const raw = Uint8Array.from(atob(line.base64), (letter) => letter.charCodeAt(0));
  return line.ends ? Uint8Array.from([...raw, ...NEWLINE]) : raw;
}
