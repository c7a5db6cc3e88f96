import * as Dropdown from "@radix-ui/react-dropdown-menu";
import { Icon, type IconName } from "./icon";
import styles from "./menu.module.css";

export interface MenuEntry {
  name: string;
  run?: () => void;
  /** Opened in a new tab. */
  href?: string;
  danger?: boolean;
}

interface MenuProps {
  label: string;
  icon?: IconName;
  entries: readonly MenuEntry[];
  children?: React.ReactNode;
}

/** A button with a menu. Not modal: a modal menu adds an inline <style>, which the page's policy blocks. */
export function Menu({ label, icon = "more", entries, children }: MenuProps) {
  return (
    <Dropdown.Root modal={false}>
      <Dropdown.Trigger className={children ? "quiet-button" : "icon-button"} aria-label={label}>
        {children ?? <Icon name={icon} />}
      </Dropdown.Trigger>
      <Dropdown.Portal>
        <Dropdown.Content className={styles["menu"]} align="end" sideOffset={4} collisionPadding={8}>
          {entries.map(({ name, run, href, danger }) => (
            <Dropdown.Item
              key={name}
              className={`${styles["item"]} ${danger ? styles["danger"] : ""}`}
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
