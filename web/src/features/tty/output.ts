/** Parts of a job's output, for the terminal. */
import type { TtyOutput, TtyPiece } from "../../shared/api/types";

/** A message of the page among the lines. */
export function remark(text: string): TtyOutput {
  return { pieces: [{ text }], first: null, last: null, count: 0 };
}

/** The terminal's input for a piece: the text, or the raw bytes. */
export function printed(piece: TtyPiece): string | Uint8Array {
  if (piece.base64 === undefined) return piece.text ?? "";
  return Uint8Array.from(atob(piece.base64), (letter) => letter.charCodeAt(0));
}
