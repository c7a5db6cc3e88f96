/** The command line in the fix of a finding, and the text after it: `systemctl edit user@.service: [Service] Delegate=cpu`. */
export function commandIn(fix: string): { command: string; rest: string } | null {
  if (!/^(sudo|systemctl|loginctl|apt|apt-get|sysctl|usermod|forgather) /.test(fix)) return null;
  const [command, ...rest] = fix.split(": ");
  return { command: command ?? fix, rest: rest.join(": ") };
}
