const NAMES = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** `312 MiB`, `1.4 GiB`: three digits are enough. */
export function bytes(count: number): string {
  let value = Math.max(0, count);
  let unit = 0;
  while (value >= 1023.5 && unit < NAMES.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.5 ? 0 : 1;
  return `${value.toFixed(digits).replace(/\.0$/, "")} ${NAMES[unit]}`;
}
