/** Spans of time, as people say them. */

const UNITS: readonly (readonly [string, number])[] = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
];

/** `12 s`, `3 min`, `2 h 5 min`, `4 d 1 h`: at most two units, and no seconds beside minutes. */
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

/** Seconds of `900`, `15 min`, `1h 30min`; "never"; null for what is none of these. */
export function parseSpan(text: string): number | "never" | null {
  const given = text.trim().toLowerCase();
  if (given === "never") return "never";
  const parts = [...given.matchAll(/\s*(\d+(?:\.\d+)?)\s*([a-z]*)/gy)];
  if (!parts.length || parts.map(([whole]) => whole).join("").length !== given.length) return null;
  let seconds = 0;
  for (const [, count, unit] of parts) {
    const size = WORDS[unit ?? ""];
    if (size === undefined || (unit === "" && parts.length > 1)) return null;
    seconds += Number(count) * size;
  }
  return seconds;
}

const CLOCK = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

/** A moment in the reader's own zone. */
export function moment(epochSeconds: number): string {
  return CLOCK.format(epochSeconds * 1000);
}
