/**
 * An EventSource that always reconnects.
 *
 * The browser's own stops for good at the first response that is not 200 (a server that is just starting). And a page in
 * the background would hold one of the six connections that a browser allows to a host: it is disconnected after a while.
 * Firefox ends the streams of a page before it leaves it, with an error: the stream disconnects first.
 */

import { own } from "../own-address";

export type Connection = "connecting" | "open" | "lost";

export interface StreamOptions {
  /** Returns the address for the next connection. */
  url: () => string;
  /** A listener for each kind of event. */
  on: Readonly<Record<string, (event: MessageEvent<string>) => void>>;
  onConnection: (state: Connection) => void;
}

const MIN_RETRY_MS = 500;
const MAX_RETRY_MS = 8_000;
/** A short visit to another tab must not cost a reconnect. */
const HIDDEN_MS = 30_000;
/** A link to a download announces that the page will be left, but the page stays. */
const LEAVING_MS = 2_000;

export class EventStream {
  readonly #options: StreamOptions;
  #source: EventSource | null = null;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #hiddenTimer: ReturnType<typeof setTimeout> | undefined;
  #retryDelay = MIN_RETRY_MS;
  #closed = false;

  constructor(options: StreamOptions) {
    this.#options = options;
    document.addEventListener("visibilitychange", this.#visibility);
    window.addEventListener("online", this.#reconnect);
    window.addEventListener("beforeunload", this.#leaving);
    window.addEventListener("pageshow", this.#shown);
    this.#connect();
  }

  close(): void {
    this.#closed = true;
    document.removeEventListener("visibilitychange", this.#visibility);
    window.removeEventListener("online", this.#reconnect);
    window.removeEventListener("beforeunload", this.#leaving);
    window.removeEventListener("pageshow", this.#shown);
    clearTimeout(this.#hiddenTimer);
    this.#disconnect();
  }

  #connect(): void {
    this.#disconnect();
    const source = new EventSource(own(this.#options.url()));
    this.#source = source;
    source.onopen = () => {
      this.#retryDelay = MIN_RETRY_MS;
      this.#options.onConnection("open");
    };
    // The browser's own retry would use the old address and its own delay.
    source.onerror = () => {
      this.#disconnect();
      this.#options.onConnection("lost");
      this.#retryTimer = setTimeout(() => this.#connect(), this.#retryDelay);
      this.#retryDelay = Math.min(this.#retryDelay * 1.6, MAX_RETRY_MS);
    };
    for (const [kind, listener] of Object.entries(this.#options.on)) source.addEventListener(kind, listener);
  }

  #disconnect(): void {
    clearTimeout(this.#retryTimer);
    this.#source?.close();
    this.#source = null;
  }

  #reconnect = (): void => {
    if (!this.#closed && this.#source?.readyState !== EventSource.OPEN) this.#connect();
  };

  #leaving = (): void => {
    this.#disconnect();
    this.#retryTimer = setTimeout(this.#reconnect, LEAVING_MS);
  };

  #visibility = (): void => {
    clearTimeout(this.#hiddenTimer);
    if (document.visibilityState === "hidden") this.#hiddenTimer = setTimeout(() => this.#disconnect(), HIDDEN_MS);
    else this.#shown();
  };

  #shown = (): void => {
    if (!this.#source) this.#reconnect();
  };
}
