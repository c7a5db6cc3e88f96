/** The fix of a finding in pieces: text, and command lines and settings to copy. */

export type Piece = { kind: "text" | "command" | "setting"; text: string };

/** A command line ends before a parenthesis, a comma, a semicolon or a colon. */
const COMMAND = /\b(?:sudo|systemctl|loginctl|apt|apt-get|sysctl|usermod|mkdir|forgather) (?:\$\([^)]*\)|[^,;:()]|:(?! ))+/g;
/** Behind a command that edits a file: `systemctl edit user@.service: [Service] Delegate=cpu`. */
const SETTING = /^: (\[.*)$/;

export function piecesOf(fix: string): Piece[] {
  const pieces: Piece[] = [];
  const addText = (text: string): void => {
    const trimmed = text.replace(/^[,;:)] ?/, "").trim();
    if (trimmed) pieces.push({ kind: "text", text: trimmed });
  };
  let end = 0;
  for (const found of fix.matchAll(COMMAND)) {
    addText(fix.slice(end, found.index));
    pieces.push({ kind: "command", text: found[0].trim() });
    end = found.index + found[0].trimEnd().length;
  }
  const rest = fix.slice(end);
  const setting = SETTING.exec(rest)?.[1];
  if (setting) pieces.push({ kind: "setting", text: setting });
  else addText(rest);
  return pieces;
}
