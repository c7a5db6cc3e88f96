/** Time spans and times as text. */

const UNITS: readonly (readonly [string, number])[] = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
];

/** `12 s`, `3 min`, `2 h 5 min`, `4 d 1 h`: at most two units, no seconds with minutes. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const first = UNITS.findIndex(([, size]) => whole >= size);
  if (first === -1) return `${whole} s`;
  const [name, size] = UNITS[first]!;
  const head = `${Math.floor(whole / size)} ${name}`;
  const next = UNITS[first + 1];
  const rest = next ? Math.floor((whole % size) / next[1]) : 0;
  return next && rest ? `${head} ${rest} ${next[0]}` : head;
}

const WORDS: Readonly<Record<string, number>> = {
  "": 1,
  s: 1,
  sec: 1,
  second: 1,
  seconds: 1,
  m: 60,
  min: 60,
  minute: 60,
  minutes: 60,
  h: 3_600,
  hour: 3_600,
  hours: 3_600,
  d: 86_400,
  day: 86_400,
  days: 86_400,
};

/** The seconds in `900`, `15 min` or `1h 30min`; "never"; null for other text. */
export function parseSpan(text: string): number | "never" | null {
  const typed = text.trim().toLowerCase();
  if (typed === "never") return "never";
  const parts = [...typed.matchAll(/\s*(\d+(?:\.\d+)?)\s*([a-z]*)/gy)];
  if (!parts.length || parts.map(([whole]) => whole).join("").length !== typed.length) return null;
  let seconds = 0;
  for (const [, count, unit] of parts) {
    const size = WORDS[unit ?? ""];
    if (size === undefined || (unit === "" && parts.length > 1)) return null;
    seconds += Number(count) * size;
  }
  return seconds;
}

const CLOCK = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** Date and time in the browser's time zone. */
export function dateTime(epochSeconds: number): string {
  return CLOCK.format(epochSeconds * 1000);
}

const SHORT = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

/** Day and time without the year, for a column. */
export function shortTime(epochSeconds: number): string {
  return SHORT.format(epochSeconds * 1000);
}
