export function Count({ of, words }: { of: number; words: string }) {
  return (
    // Drawn by the style sheet: the item's name stays its one word.
    <span className="count" data-count={of} title={`${of} ${words}`} />
  );
}
