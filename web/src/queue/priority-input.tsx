import { useState } from "react";

interface PriorityInputProps {
  value: number;
  onChange: (value: number) => void;
}

/** A whole number, given with Enter or by leaving the field; Escape takes it back. */
export function PriorityInput({ value, onChange }: PriorityInputProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const commit = (): void => {
    const next = typed?.trim() ? Number(typed) : value;
    setTyped(null);
    if (Number.isInteger(next) && next !== value) onChange(next);
  };
  return (
    <input
      className="input priority"
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
