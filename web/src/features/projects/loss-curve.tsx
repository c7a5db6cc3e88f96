import styles from "./projects.module.css";

const WIDTH = 120;
const HEIGHT = 28;
const EDGE = 2;

/** A small plot of a run's loss over its steps. */
export function LossCurve({ points }: { points: readonly (readonly [number, number])[] }) {
  const path = pathOf(points);
  if (!path) return <span />;
  return (
    <svg className={styles["curve"]} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden preserveAspectRatio="none">
      <path d={path} />
    </svg>
  );
}

/** The SVG path through the finite points; null for less than two. */
export function pathOf(points: readonly (readonly [number, number])[]): string | null {
  const finite = points.filter(([step, loss]) => Number.isFinite(step) && Number.isFinite(loss));
  if (finite.length < 2) return null;
  const [left, right] = rangeOf(finite.map(([step]) => step));
  const [low, high] = rangeOf(finite.map(([, loss]) => loss));
  const place = (value: number, from: number, to: number, size: number): number =>
    EDGE + ((value - from) / (to - from || 1)) * (size - 2 * EDGE);
  return finite
    .map(([step, loss], index) => {
      const x = place(step, left, right, WIDTH).toFixed(1);
      const y = (HEIGHT - place(loss, low, high, HEIGHT)).toFixed(1);
      return `${index ? "L" : "M"}${x} ${y}`;
    })
    .join("");
}

function rangeOf(values: readonly number[]): [number, number] {
  return values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
}
