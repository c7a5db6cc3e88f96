import styles from "./dot.module.css";

export type DotTone = "ok" | "rest" | "warn" | "bad" | "off";

/** A coloured dot in front of a line. */
export function Dot({ tone, title }: { tone: DotTone; title?: string }) {
  return <span className={styles["dot"]} data-dot={tone} title={title} />;
}
