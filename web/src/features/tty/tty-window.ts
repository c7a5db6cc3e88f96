/** The part of a job's output that is loaded: a bounded window that moves through the output. */
import type { TtyOutput } from "../../shared/api/types";

interface Loaded {
  output: TtyOutput;
  /** Rows that it occupies in the terminal, or a few more. */
  rows: number;
}

export class TtyWindow {
  /** Whether the journal has lines before and after the window. */
  hasOlder = false;
  hasNewer = false;
  readonly #most: number;
  readonly #columns: () => number;
  #loaded: Loaded[] = [];
  #rows = 0;

  /** Keeps at most about `most` rows of `columns()` cells. */
  constructor(most: number, columns: () => number) {
    this.#most = most;
    this.#columns = columns;
  }

  get outputs(): TtyOutput[] {
    return this.#loaded.map((one) => one.output);
  }

  /** The journal's cursors of its first and last line. */
  get first(): string | null {
    return this.#loaded.find((one) => one.output.first)?.output.first ?? null;
  }

  get last(): string | null {
    return this.#loaded.findLast((one) => one.output.last)?.output.last ?? null;
  }

  get lines(): number {
    return this.#loaded.reduce((sum, one) => sum + one.output.count, 0);
  }

  clear(): void {
    this.#loaded = [];
    this.#rows = 0;
    this.hasOlder = false;
    this.hasNewer = false;
  }

  /** Appends newer lines; drops the oldest if there are too many. */
  append(output: TtyOutput): void {
    if (output.is_first !== undefined) this.hasOlder = !output.is_first;
    if (output.is_last !== undefined) this.hasNewer = !output.is_last;
    this.#loaded.push(this.#measured(output));
    while (this.#rows > this.#most && this.#loaded.length > 1) {
      this.#rows -= this.#loaded.shift()?.rows ?? 0;
      this.hasOlder = true;
    }
  }

  /** Prepends older lines; drops the newest if there are too many. */
  prepend(output: TtyOutput): void {
    this.hasOlder = !output.is_first;
    this.#loaded.unshift(this.#measured(output));
    while (this.#rows > this.#most && this.#loaded.length > 1) {
      this.#rows -= this.#loaded.pop()?.rows ?? 0;
      this.hasNewer = true;
    }
  }

  #measured(output: TtyOutput): Loaded {
    const rows = output.pieces.reduce((sum, piece) => sum + rowsOf(piece.text ?? "", this.#columns()), 0);
    this.#rows += rows;
    return { output, rows };
  }
}

function rowsOf(text: string, columns: number): number {
  let rows = 0;
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf("\n", start);
    const end = newline < 0 ? text.length : newline;
    rows += Math.max(1, Math.ceil((end - start) / columns));
    start = end + 1;
  }
  return rows;
}
