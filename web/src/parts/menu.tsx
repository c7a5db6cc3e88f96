import * as Dropdown from "@radix-ui/react-dropdown-menu";
import { Icon, type IconName } from "./icon";

export interface MenuEntry {
  name: string;
  run?: () => void;
  /** Opened in a tab of its own. */
  href?: string;
  grave?: boolean;
}

interface MenuProps {
  label: string;
  icon?: IconName;
  entries: readonly MenuEntry[];
  children?: React.ReactNode;
}

/** A button with a menu. Not modal: a modal one brings an inline <style>, which the page's policy refuses. */
export function Menu({ label, icon = "more", entries, children }: MenuProps) {
  return (
    <Dropdown.Root modal={false}>
      <Dropdown.Trigger className={children ? "quiet-button" : "icon-button"} aria-label={label}>
        {children ?? <Icon name={icon} />}
      </Dropdown.Trigger>
      <Dropdown.Portal>
        <Dropdown.Content className="menu" align="end" sideOffset={4} collisionPadding={8}>
          {entries.map(({ name, run, href, grave }) => (
            <Dropdown.Item
              key={name}
              className={grave ? "menu-item grave" : "menu-item"}
              asChild={href !== undefined}
              onSelect={() => run?.()}
            >
              {href === undefined ? (
                name
              ) : (
                <a href={href} target="_blank" rel="noopener noreferrer">
                  {name}
                </a>
              )}
            </Dropdown.Item>
          ))}
        </Dropdown.Content>
      </Dropdown.Portal>
    </Dropdown.Root>
  );
}
