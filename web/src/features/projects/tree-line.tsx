import * as ContextMenu from "@radix-ui/react-context-menu";
import { Count } from "../../shared/parts/count";
import { Icon } from "../../shared/parts/icon";
import { useConfigDialog } from "./use-config-dialog";
import type { Item } from "./tree-items";
import menu from "../../shared/parts/menu.module.css";
import styles from "./projects.module.css";

interface TreeLineProps {
  item: Item;
  focusable: boolean;
  selected: boolean;
  onFocus: () => void;
  onAct: () => void;
}

export function TreeLine(props: TreeLineProps) {
  return props.item.kind === "config" ? <ConfigLine {...props} item={props.item} /> : <ProjectLine {...props} item={props.item} />;
}

function ProjectLine({ item, focusable, onFocus, onAct }: TreeLineProps & { item: Item & { kind: "project" } }) {
  return (
    <div
      role="treeitem"
      aria-level={1}
      aria-expanded={item.open}
      aria-selected={false}
      tabIndex={focusable ? 0 : -1}
      className={styles["line"]}
      title={item.project.project_dir}
      onFocus={onFocus}
      onClick={onAct}
    >
      <span className={`${styles["twisty"]} ${item.open ? styles["open"] : ""}`}>
        <Icon name="chevron" />
      </span>
      <span className={styles["name"]}>{item.project.name}</span>
      <span className={styles["about"]}>{item.project.description?.split("\n")[0] ?? item.project.project_dir}</span>
      <Count of={item.matches} />
    </div>
  );
}

function ConfigLine({ item, focusable, selected, onFocus, onAct }: TreeLineProps & { item: Item & { kind: "config" } }) {
  const { config, project } = item;
  const { open, disabledReason } = useConfigDialog(project, config);
  return (
    <ContextMenu.Root modal={false}>
      <ContextMenu.Trigger asChild>
        <div
          role="treeitem"
          aria-level={2}
          aria-selected={selected}
          tabIndex={focusable ? 0 : -1}
          className={`${styles["line"]} ${styles["config"]}`}
          title={config.error ?? config.output_dir ?? config.name}
          onFocus={onFocus}
          onClick={onAct}
        >
          <span className={styles["name"]}>{config.name}</span>
          {config.name === project.default_config && <span className="tag">default</span>}
          {config.config_name && config.config_name !== config.name && <span className={styles["about"]}>{config.config_name}</span>}
          {config.error && (
            <span className={`bad ${styles["problem"]}`}>
              <Icon name="warning" />
            </span>
          )}
        </div>
      </ContextMenu.Trigger>
      <ContextMenu.Portal>
        <ContextMenu.Content className={menu["menu"]} collisionPadding={8}>
          <ContextMenu.Item className={menu["item"]} disabled={disabledReason !== null} onSelect={open}>
            TensorBoard...
          </ContextMenu.Item>
          {disabledReason && <ContextMenu.Label className={menu["why"]}>{disabledReason}</ContextMenu.Label>}
        </ContextMenu.Content>
      </ContextMenu.Portal>
    </ContextMenu.Root>
  );
}
