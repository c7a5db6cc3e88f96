/**
 * Shows a job's output in a terminal: the last lines first, older ones when they are scrolled to.
 *
 * xterm.js discards data that is written faster than it can parse. So writing has flow control: with too much pending,
 * the stream is closed, and reopened after its last line once the terminal has caught up.
 */
import type { Terminal } from "@xterm/xterm";
import { request, withQuery } from "../../shared/api/request";
import type { Job, TtyOutput, TtyPiece } from "../../shared/api/types";
import { droppedMark, endMark } from "./marks";
import { printed, remark } from "./output";
import { SCROLLBACK } from "./terminal";
import { followTty } from "./tty-stream";
import { TtyWindow } from "./tty-window";

const PAGE = 2000;
/** Pending bytes: above HIGH the stream is closed, below LOW it is reopened. */
const HIGH = 1024 * 1024;
const LOW = 128 * 1024;
const RESET = "\x1bc";

interface TtyViewOptions {
  queueId: string;
  terminal: Terminal;
  onEnded: (ended: boolean) => void;
  onLost: (lost: boolean) => void;
  /** Called with true while the terminal shows an older part of the output, without live lines. */
  onDetached: (detached: boolean) => void;
  onError: (error: unknown) => void;
}

export class TtyView {
  following = true;
  readonly #options: TtyViewOptions;
  readonly #terminal: Terminal;
  readonly #window: TtyWindow;
  #close: (() => void) | null = null;
  #waiting = 0;
  #ended = false;
  #paging = false;
  #disposed = false;

  constructor(options: TtyViewOptions) {
    this.#options = options;
    this.#terminal = options.terminal;
    this.#window = new TtyWindow(SCROLLBACK, () => options.terminal.cols);
    this.#connect();
  }

  dispose(): void {
    this.#disposed = true;
    this.#disconnect();
  }

  /** Whether the terminal shows an older part, and no live lines. */
  get hasNewer(): boolean {
    return this.#window.hasNewer;
  }

  /** Whether all lines of the job are loaded. */
  get isWhole(): boolean {
    return !this.#window.hasOlder && !this.#window.hasNewer;
  }

  /** Follow the output; jumps to the end if the terminal shows an older part. */
  follow(): void {
    this.following = true;
    if (this.#window.hasNewer) {
      this.#window.clear();
      this.#options.onDetached(false);
      this.#ended = false;
      this.#options.onEnded(false);
      this.#terminal.write(RESET);
      this.#disconnect();
      this.#connect();
    } else {
      this.#terminal.scrollToBottom();
    }
  }

  /** On scrolling: fetch older or newer lines when an end of the buffer is reached. */
  async scrolled(): Promise<void> {
    const { viewportY, baseY } = this.#terminal.buffer.active;
    if (this.#paging) return;
    this.#paging = true;
    try {
      if (viewportY === 0 && this.#window.hasOlder) await this.#older();
      else if (viewportY >= baseY && this.#window.hasNewer) await this.#newer();
    } catch (error) {
      this.#options.onError(error);
    } finally {
      this.#paging = false;
    }
  }

  async #older(): Promise<void> {
    const page = await this.#page({ before: this.#window.first });
    if (this.#disposed) return;
    this.#window.prepend(page);
    if (this.#window.hasNewer) this.#disconnect();
    this.#options.onDetached(this.#window.hasNewer);
    const [older, ...rest] = this.#window.outputs;
    const buffer = this.#terminal.buffer;
    let top = 0;
    // xterm.js cannot insert lines at the top: rewrite everything, without an await so that no live line comes in between.
    this.#write(RESET);
    if (older) for (const piece of older.pieces) this.#write(shown(piece));
    this.#write("", () => {
      top = buffer.active.baseY + buffer.active.cursorY;
    });
    for (const output of rest) for (const piece of output.pieces) this.#write(shown(piece));
    await new Promise<void>((resolve) => this.#write("", resolve));
    // Restore the scroll position.
    this.#terminal.scrollToLine(top);
  }

  async #newer(): Promise<void> {
    const page = await this.#page({ after: this.#window.last });
    if (this.#disposed) return;
    this.#add(page);
    this.#options.onDetached(this.#window.hasNewer);
    if (!this.#window.hasNewer) this.#connect();
    await new Promise<void>((resolve) => this.#write("", resolve));
  }

  #page(where: { before?: string | null; after?: string | null }): Promise<TtyOutput> {
    return request<TtyOutput>("GET", withQuery(`/api/jobs/${this.#options.queueId}/tty/lines`, { ...where, count: PAGE }));
  }

  #connect(): void {
    if (this.#close || this.#ended || this.#disposed) return;
    this.#close = followTty({
      queueId: this.#options.queueId,
      after: () => this.#window.last,
      onOutput: (output) => this.#add(output),
      onLost: this.#options.onLost,
      onEnd: (job) => this.#end(job),
    });
  }

  #disconnect(): void {
    this.#close?.();
    this.#close = null;
  }

  #end(job: Job): void {
    this.#disconnect();
    this.#ended = true;
    this.#add(remark(endMark(job)));
    this.#options.onEnded(true);
  }

  #add(output: TtyOutput): void {
    this.#window.append(output);
    for (const piece of output.pieces) this.#write(shown(piece));
  }

  #write(data: string | Uint8Array, then?: () => void): void {
    this.#waiting += data.length;
    if (this.#waiting > HIGH) this.#disconnect();
    this.#terminal.write(data, () => {
      this.#waiting -= data.length;
      if (this.following) this.#terminal.scrollToBottom();
      if (this.#waiting < LOW && !this.#window.hasNewer) this.#connect();
      then?.();
    });
  }
}

function shown(piece: TtyPiece): string | Uint8Array {
  return piece.dropped === undefined ? printed(piece) : droppedMark(piece.dropped);
}
