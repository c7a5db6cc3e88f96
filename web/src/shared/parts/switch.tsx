import styles from "./switch.module.css";

/** A switch that takes effect immediately. */
export function Switch({ label, on, onChange, disabled }: { label: string; on: boolean; onChange: (on: boolean) => void; disabled?: boolean }) {
  return (
    <button
      type="button"
      role="switch"
      aria-checked={on}
      aria-label={label}
      className={styles["switch"]}
      disabled={disabled ?? false}
      onClick={() => onChange(!on)}
    >
      <span />
    </button>
  );
}
