/** Fetches a job's whole output from the server, since the terminal holds only a part of it. */
import { FrontSignInEnded, request, withQuery } from "../../shared/api/request";
import { own } from "../../shared/own-address";
import { copyText } from "../../shared/parts/clipboard";
import type { TtyOutput } from "../../shared/api/types";
import { plain } from "./plain";

/** The most characters to copy in reasonable time. */
const MAX_LENGTH = 16 * 1024 * 1024;
const LAST_LINES = 50_000;

/** Copies it and returns a sentence about what was copied. Throws an ApiError if the server cannot be reached. */
export async function copyOutput(queueId: string): Promise<string> {
  const whole = await wholeText(`/api/jobs/${queueId}/tty`);
  if (whole !== null) return copied(whole, `Copied the whole output: ${lines(whole)}.`);
  const page = await request<TtyOutput>("GET", withQuery(`/api/jobs/${queueId}/tty/lines`, { count: LAST_LINES }));
  const last = page.pieces.map((piece) => piece.text ?? "").join("");
  return copied(last, `Copied the last ${lines(last)}. The output is too long to copy: use Download for all of it.`);
}

async function copied(text: string, sentence: string): Promise<string> {
  const shown = plain(text).trimEnd();
  if (shown === "") return "There is nothing to copy.";
  return (await copyText(shown)) ? sentence : "The browser denied access to the clipboard: use Download.";
}

function lines(text: string): string {
  const count = text.trimEnd().split("\n").length;
  return `${count.toLocaleString("en")} ${count === 1 ? "line" : "lines"}`;
}

/** null: longer than MAX_LENGTH. */
async function wholeText(path: string): Promise<string | null> {
  const response = await fetch(own(path), { credentials: "same-origin", redirect: "manual" });
  if (response.type === "opaqueredirect") throw new FrontSignInEnded(0);
  const reader = response.ok ? response.body?.getReader() : undefined;
  if (!reader) throw new Error(`The server responded with status ${response.status}.`);
  const decoder = new TextDecoder();
  const pieces: string[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    const piece = decoder.decode(value, { stream: !done });
    pieces.push(piece);
    length += piece.length;
    if (done) return pieces.join("");
    if (length > MAX_LENGTH) {
      await reader.cancel();
      return null;
    }
  }
}
