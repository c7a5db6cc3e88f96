/**
 * An EventSource that does not give up.
 *
 * The browser's own ends for good at the first answer that is not 200 (a server that is just starting), and a page in
 * the background would hold one of the six connections that a browser has for a host: both are handled here.
 */

export type Connection = "connecting" | "open" | "lost";

export interface StreamOptions {
  /** The address for the next connection; asked anew for each. */
  url: () => string;
  /** A listener for each kind of event. */
  on: Readonly<Record<string, (event: MessageEvent<string>) => void>>;
  onConnection: (state: Connection) => void;
}

const SOONEST = 500;
const LATEST = 8_000;
/** A glance at another tab must not cost a reconnect. */
const HIDDEN_FOR = 30_000;

export class EventStream {
  readonly #options: StreamOptions;
  #source: EventSource | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #rest: ReturnType<typeof setTimeout> | undefined;
  #pause = SOONEST;
  #closed = false;

  constructor(options: StreamOptions) {
    this.#options = options;
    document.addEventListener("visibilitychange", this.#visibility);
    window.addEventListener("online", this.#now);
    this.#connect();
  }

  close(): void {
    this.#closed = true;
    document.removeEventListener("visibilitychange", this.#visibility);
    window.removeEventListener("online", this.#now);
    clearTimeout(this.#rest);
    this.#drop();
  }

  #connect(): void {
    this.#drop();
    const source = new EventSource(this.#options.url());
    this.#source = source;
    source.onopen = () => {
      this.#pause = SOONEST;
      this.#options.onConnection("open");
    };
    // The browser would try again by itself, at its own pace and at the old address; ours knows both.
    source.onerror = () => {
      this.#drop();
      this.#options.onConnection("lost");
      this.#retry = setTimeout(() => this.#connect(), this.#pause);
      this.#pause = Math.min(this.#pause * 1.6, LATEST);
    };
    for (const [kind, listener] of Object.entries(this.#options.on)) source.addEventListener(kind, listener);
  }

  #drop(): void {
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#source = null;
  }

  #now = (): void => {
    if (!this.#closed && this.#source?.readyState !== EventSource.OPEN) this.#connect();
  };

  #visibility = (): void => {
    clearTimeout(this.#rest);
    if (document.visibilityState === "hidden") this.#rest = setTimeout(() => this.#drop(), HIDDEN_FOR);
    else if (!this.#source) this.#now();
  };
}
