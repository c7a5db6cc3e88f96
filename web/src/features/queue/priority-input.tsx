import { useState } from "react";
import styles from "./queue.module.css";

interface PriorityInputProps {
  value: number;
  onChange: (value: number) => void;
}

/** A whole number, committed by Enter or by leaving the field; Escape reverts it. */
export function PriorityInput({ value, onChange }: PriorityInputProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const commit = (): void => {
    const next = typed?.trim() ? Number(typed) : value;
    setTyped(null);
    if (Number.isInteger(next) && next !== value) onChange(next);
  };
  return (
    <input
      className={`input ${styles["priority"]}`}
      type="number"
      step={1}
      aria-label="Priority"
      title="Higher starts sooner"
      value={typed ?? value}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === "Enter") commit();
        if (event.key === "Escape") setTyped(null);
      }}
    />
  );
}
